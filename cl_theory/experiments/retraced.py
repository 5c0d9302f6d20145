"""One run of an experiment once more, to look at the networks that it went through."""

from collections.abc import Sequence

from cl_theory.experiments.definition import Experiment, Seeds
from cl_theory.experiments.rbm_runs import learner_of, loaded
from cl_theory.learning.loop import Randomness
from cl_theory.models.rbm import RBM
from cl_theory.seeds import FIXED_ROOT


def retraced(experiment: Experiment, arm: str, seed: int, phases: Sequence[int]) -> dict[int, RBM]:
    """The RBM of a seed of an arm of kind "rbm" after each of `phases`, ascending; ExperimentError without such an arm.

    It draws what the stored run drew. Sums in single precision may differ between processors, and learning lets the
    difference grow, so that late networks are those of a like run, not surely of the same one.
    """
    cell = experiment.cell(arm, Seeds(seed, 1))
    learner = learner_of(cell.settings, cell.seeds, loaded(cell.settings["data"])["train"])
    randomness = Randomness(FIXED_ROOT)
    state, found = learner.start(randomness), {}
    for after in phases:
        while state.iteration < learner.iterations(after):
            step = min(learner.chunk, learner.iterations(after) - state.iteration)
            state = learner.advance(state, step, randomness)
        found[after] = learner.model(state.parameters).rbm(0)
    return found
