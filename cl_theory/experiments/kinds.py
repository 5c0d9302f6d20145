"""Who runs a cell: a module per kind of learner, each with ``run(settings, seeds, points)``."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from cl_theory.experiments.code_digest import code_digest
from cl_theory.experiments.definition import Cell, ExperimentError, digest_of

MODULES: Mapping[str, str] = {
    "rbm": "cl_theory.experiments.rbm_runs",
    "centred-always-on": "cl_theory.experiments.centred_always_on_runs",
    "boltzmann": "cl_theory.experiments.boltzmann_runs",
    "forward-forward": "cl_theory.experiments.forward_forward_runs",
    "scripts": "cl_theory.experiments.script_runs",
    "mean-flow": "cl_theory.experiments.mean_flow_runs",
    "shared-always-on": "cl_theory.experiments.shared_always_on_runs",
}


def module_of(kind: str) -> str:
    """The module that runs cells of this kind; ExperimentError that lists the kinds there are."""
    if kind not in MODULES:
        raise ExperimentError(f"kind must be one of {', '.join(MODULES)}, got {kind!r}")
    return MODULES[kind]


def code_of(kind: str) -> str:
    """Digest of the code that cells of this kind come from."""
    return code_digest(module_of(kind))


def key_of(cell: Cell) -> str:
    """What a stored result is found by: made from the cell's definition and the code that produces it."""
    return digest_of({"cell": cell.identity, "code": code_of(cell.kind)})


def computed(cell: Cell) -> dict[str, Any]:
    """The result of a cell, as plain JSON."""
    return import_module(module_of(cell.kind)).run(cell.settings, cell.seeds, cell.points)
