"""One run of an experiment once more, to look at the networks that it went through.

It draws what the stored run drew. Sums in single precision may differ between processors, and learning lets the
difference grow, so that late networks are those of a like run, not surely of the same one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from cl_theory.experiments import forward_forward_runs, rbm_runs
from cl_theory.experiments.definition import Experiment, Seeds
from cl_theory.learning.loop import Randomness
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.models.rbm import RBM
from cl_theory.seeds import FIXED_ROOT

Model = TypeVar("Model")


def retraced(experiment: Experiment, arm: str, seed: int, phases: Sequence[int]) -> dict[int, RBM]:
    """The RBM of a seed of an arm of kind "rbm" after each of `phases`, ascending; ExperimentError without the arm."""
    cell = experiment.cell(arm, Seeds(seed, 1))
    data = rbm_runs.loaded(cell.settings["data"])["train"]
    return _walked(rbm_runs.learner_of(cell.settings, cell.seeds, data), phases, lambda model: model.rbm(0))


def retraced_nets(experiment: Experiment, arm: str, seed: int, phases: Sequence[int]) -> dict[int, ForwardForward]:
    """The forward-forward net of a seed of an arm after each of `phases`, ascending."""
    cell = experiment.cell(arm, Seeds(seed, 1))
    return _walked(forward_forward_runs.learner_of(cell.settings, cell.seeds), phases, lambda model: model[0])


def along_runs(
    runs: Mapping[str, Sequence[Mapping[int, Model]]], measure: Callable[[Model], Any]
) -> dict[str, dict[int, np.ndarray]]:
    """What is measured of the models of several seeds, by name and after each number of phases: (n_seeds, ...)."""
    return {
        name: {after: np.array([measure(seed[after]) for seed in seeds]) for after in seeds[0]}
        for name, seeds in runs.items()
    }


def _walked(learner: Any, phases: Sequence[int], first: Callable[[Any], Model]) -> dict[int, Model]:
    """The `first` replica of a learner after each of `phases`."""
    randomness = Randomness(FIXED_ROOT)
    state, found = learner.start(randomness), {}
    for after in phases:
        while state.iteration < learner.iterations(after):
            step = min(learner.chunk, learner.iterations(after) - state.iteration)
            state = learner.advance(state, step, randomness)
        found[after] = first(learner.model(state.parameters))
    return found
