"""Who runs a cell: a function ``(settings, seeds, points)`` for each kind of learner, as ``module:function``."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from cl_theory.experiments.code_digest import code_digest
from cl_theory.experiments.definition import Cell, ExperimentError, digest_of

RUNNERS: Mapping[str, str] = {
    "rbm": "cl_theory.experiments.rbm_runs:run",
    "centred-always-on": "cl_theory.experiments.centred_always_on_runs:run_centred",
    "boltzmann": "cl_theory.experiments.boltzmann_runs:run",
    "forward-forward": "cl_theory.experiments.forward_forward_runs:run",
    "scripts": "cl_theory.experiments.script_runs:run",
    "mean-flow": "cl_theory.experiments.mean_flow_runs:run_mean_flow",
    "shared-always-on": "cl_theory.experiments.shared_always_on_runs:run",
}


def runner_of(kind: str) -> tuple[str, str]:
    """Module and function that run cells of this kind; ExperimentError that lists the kinds there are."""
    if kind not in RUNNERS:
        raise ExperimentError(f"kind must be one of {', '.join(RUNNERS)}, got {kind!r}")
    module, _, function = RUNNERS[kind].partition(":")
    return module, function


def code_of(kind: str) -> str:
    """Digest of the code that cells of this kind come from."""
    return code_digest(runner_of(kind)[0])


def key_of(cell: Cell) -> str:
    """What a stored result is found by: made from the cell's definition and the code that produces it."""
    return digest_of({"cell": cell.identity, "code": code_of(cell.kind)})


def computed(cell: Cell) -> dict[str, Any]:
    """The result of a cell, as plain JSON."""
    module, function = runner_of(cell.kind)
    return getattr(import_module(module), function)(cell.settings, cell.seeds, cell.points)
