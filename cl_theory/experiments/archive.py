"""Results of whole experiments as committed under ``data/experiments``: small plain files with provenance."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cl_theory.experiments.definition import Experiment, ExperimentError
from cl_theory.experiments.files import read_checked, write_checked
from cl_theory.experiments.kinds import code_of
from cl_theory.experiments.provenance import commit
from cl_theory.experiments.store import CellStore

KEPT_ONCE = ("weights",)
"""Measures of the first replica alone."""


def archive_path(folder: Path, name: str) -> Path:
    """Where the results of an experiment lie below ``data/experiments``."""
    return Path(folder) / f"{name}.json"


def write_archive(folder: Path, experiment: Experiment, store: CellStore, root: Path) -> Path:
    """Gather the cells of `experiment` into its file; ExperimentError if some are missing."""
    found = [store.read(cell) for cell in experiment.cells]
    missing = [cell.label for cell, content in zip(experiment.cells, found, strict=True) if content is None]
    if missing:
        raise ExperimentError(
            f"{len(missing)} of {len(found)} cells of {experiment.name} are not finished, {missing[0]} among them; "
            f"run: cl-theory experiment run {experiment.name}"
        )
    contents = [content for content in found if content is not None]
    by_arm: dict[str, list[dict[str, Any]]] = {arm: [] for arm in experiment.arms}
    for cell, content in zip(experiment.cells, contents, strict=True):
        by_arm[cell.arm].append(content)
    parts = [content["provenance"] for content in contents]
    whole = {
        "experiment": experiment.name,
        "definition": experiment.definition,
        "provenance": {
            "commit": commit(root),
            "code": {cell.kind: code_of(cell.kind) for cell in experiment.cells},
            "seeds": [experiment.seeds.first, experiment.seeds.count],
            "machines": _distinct([part["machine"] for part in parts]),
            "cells": len(contents),
            "core_seconds": round(sum(part["seconds"] for part in parts), 1),
        },
        "arms": {arm: _merged(blocks) for arm, blocks in by_arm.items()},
    }
    path = archive_path(folder, experiment.name)
    write_checked(path, whole, indent=1)
    return path


def read_archive(folder: Path, experiment: Experiment) -> dict[str, Any]:
    """The stored results of `experiment`. ExperimentError if there are none, they were edited, or belong to another
    definition: the message names the remedy."""
    path = archive_path(folder, experiment.name)
    again = f"run: cl-theory experiment run {experiment.name}"
    if not path.exists():
        raise ExperimentError(f"{experiment.name} has no stored results ({path.name}); {again}")
    try:
        content = read_checked(path)
    except ExperimentError as error:
        raise ExperimentError(f"{error}; restore it with 'git checkout -- {path}', or {again}") from error
    change = _first_change(content.get("definition"), experiment.definition)
    if change:
        raise ExperimentError(
            f"the definition of {experiment.name} changed under its stored results ({change}); undo the change, "
            f"or {again}"
        )
    return content


def stale_kinds(content: Mapping[str, Any], experiment: Experiment) -> list[str]:
    """Kinds of learners whose code changed since the results in `content` were computed."""
    recorded = content["provenance"]["code"]
    return sorted({cell.kind for cell in experiment.cells if recorded.get(cell.kind) != code_of(cell.kind)})


def _merged(contents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The blocks of seeds of one arm, side by side; where a block diverged its later values are None."""
    results = [content["result"] for content in contents]
    axes = max((result["axes"] for result in results), key=lambda axis: len(axis["phases"]))
    widths = [content["cell"]["seeds"][1] for content in contents]
    pairs = list(zip(results, widths, strict=True))
    curves = {name: _side_by_side(name, pairs, len(axes["phases"])) for name in results[0]["curves"]}
    final = {name: _joined(name, [(r["final"].get(name), w) for r, w in pairs]) for name in _final_names(contents)}
    diverged = [[content["cell"]["seeds"], content["result"]["diverged"]] for content in contents]
    return {
        "axes": axes,
        "curves": curves,
        "final": final,
        "diverged": [entry for entry in diverged if entry[1] is not None],
        "core_seconds": round(sum(content["provenance"]["seconds"] for content in contents), 1),
    }


def _final_names(contents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is measured at the end, named even where every block diverged before it."""
    found = {name for content in contents for name in content["result"]["final"]}
    return sorted(found | {name for content in contents for name in content["cell"]["settings"].get("final", ())})


def _side_by_side(name: str, pairs: Sequence[tuple[Mapping[str, Any], int]], n: int) -> list[Any]:
    return [_joined(name, [(_at(result["curves"][name], k), width) for result, width in pairs]) for k in range(n)]


def _at(curve: Sequence[Any], place: int) -> Any:
    return curve[place] if place < len(curve) else None


def _joined(name: str, blocks: Sequence[tuple[Any, int]]) -> Any:
    """One list of values a seed, None where nothing was measured."""
    if all(values is None for values, _ in blocks):
        return None
    if name in KEPT_ONCE:
        return next(values[:1] for values, _ in blocks if values is not None)
    return [value for values, width in blocks for value in (values or [None] * width)]


def _first_change(old: Any, new: Any, place: str = "") -> str:
    """Where two definitions first differ, in words; empty if they do not."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            if name not in old or name not in new:
                return f"{place}{name} is {'new' if name in new else 'gone'}"
            found = _first_change(old[name], new[name], f"{place}{name}.")
            if found:
                return found
        return ""
    return "" if old == new else f"{place.rstrip('.')} was {_short(old)}, is {_short(new)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _distinct(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
