"""Always-on learning around a running baseline under one arm of an experiment."""

from collections.abc import Sequence
from typing import Any

from cl_theory.experiments import rbm_runs
from cl_theory.experiments.definition import Seeds, Settings
from cl_theory.experiments.tracing import traced
from cl_theory.learning.parts import CHAINS, named_schedule
from cl_theory.learning.replica_learner import ReplicaLearner
from cl_theory.learning.replicas import Replicas
from cl_theory.seeds import FIXED_ROOT


def run_centred(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """Train one RBM a seed and measure it at `points`, as `rbm_runs.run` does with learners that have no baseline."""
    data = rbm_runs.loaded(settings["data"])
    schedule = named_schedule(settings["estimator"], **settings["schedule"])
    start = Replicas.of([rbm_runs.first_rbm(seed, data["train"].shape[1], settings["hidden"]) for seed in seeds])
    learner = ReplicaLearner(
        start,
        data["train"],
        (schedule,) * len(seeds),
        (float(settings["rate"]),) * len(seeds),
        CHAINS[settings["chain"]](settings["sweeps"]),
        False,
        tuple(seeds),
    )
    measuring = rbm_runs.measuring(settings, data)
    return traced(learner, points, FIXED_ROOT, measuring, rbm_runs.rows_a_phase(settings))
