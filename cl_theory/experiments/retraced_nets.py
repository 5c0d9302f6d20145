"""One forward-forward run of an experiment once more, to look at the nets that it went through."""

from collections.abc import Sequence

from cl_theory.experiments.centred_net_runs import centred_learner
from cl_theory.experiments.definition import Experiment, Seeds
from cl_theory.experiments.forward_forward_runs import LEARNERS, loaded
from cl_theory.learning.named import OPTIMISERS, named_schedule
from cl_theory.learning.net_replica_learner import NetReplicaLearner
from cl_theory.learning.randomness import Randomness
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.seeds import FIXED_ROOT, stream


def retraced_nets(experiment: Experiment, arm: str, seed: int, phases: Sequence[int]) -> dict[int, ForwardForward]:
    """The net of a seed of an arm after each of `phases`, ascending.

    It draws what the stored run drew, up to rounding that learning lets grow. ExperimentError without such an arm.
    """
    learner, randomness = _learner(experiment, arm, seed), Randomness(FIXED_ROOT)
    state, found = learner.start(randomness), {}
    for after in phases:
        while state.iteration < learner.iterations(after):
            state = learner.advance(state, min(learner.chunk, learner.iterations(after) - state.iteration), randomness)
        found[after] = learner.model(state.parameters)[0]
    return found


def _learner(experiment: Experiment, arm: str, seed: int) -> NetReplicaLearner:
    cell = experiment.cell(arm, Seeds(seed, 1))
    if cell.kind == "centred-forward-forward":
        return centred_learner(cell.settings, cell.seeds)
    settings = cell.settings
    data, rate = loaded(settings["data"]), float(settings["rate"])
    sizes = (data["train"].shape[1], *settings["layers"])
    return LEARNERS[settings.get("learner", "as stated")](
        (ForwardForward.random(stream(FIXED_ROOT, "experiments", "start", seed), sizes),),
        data["train"],
        data["train_labels"],
        (named_schedule(settings["estimator"], **settings.get("schedule", {})),),
        (rate,),
        OPTIMISERS[settings["optimiser"]](rate),  # type: ignore[call-arg, arg-type]
        numbers=(seed,),
    )
