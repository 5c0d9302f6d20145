"""Experiments: frozen definitions, independent cells, stored results."""

from cl_theory.experiments.definition import Experiment, ExperimentError
from cl_theory.experiments.registry import all_experiments, experiment
from cl_theory.experiments.results import ArmResults, Results, joined, results
from cl_theory.experiments.slices import slice_check

__all__ = [
    "ArmResults",
    "Experiment",
    "ExperimentError",
    "Results",
    "all_experiments",
    "experiment",
    "joined",
    "results",
    "slice_check",
]
