"""One forward-forward run of an experiment once more, to look at the nets that it went through."""

from collections.abc import Sequence

from cl_theory.experiments.definition import Experiment, Seeds
from cl_theory.experiments.forward_forward_runs import learner_of
from cl_theory.learning.loop import Randomness
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.seeds import FIXED_ROOT


def retraced_nets(experiment: Experiment, arm: str, seed: int, phases: Sequence[int]) -> dict[int, ForwardForward]:
    """The net of a seed of an arm after each of `phases`, ascending.

    It draws what the stored run drew, up to rounding that learning lets grow. ExperimentError without such an arm.
    """
    learner = learner_of(experiment.cell(arm, Seeds(seed, 1)).settings, Seeds(seed, 1))
    randomness = Randomness(FIXED_ROOT)
    state, found = learner.start(randomness), {}
    for after in phases:
        while state.iteration < learner.iterations(after):
            state = learner.advance(state, min(learner.chunk, learner.iterations(after) - state.iteration), randomness)
        found[after] = learner.model(state.parameters)[0]
    return found
