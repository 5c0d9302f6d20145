"""Boltzmann machines with coupled hidden units under one arm of an experiment, on bars and stripes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cl_theory.learning.learners.likelihood import exact_measures
from cl_theory.learning.learners.parts import CHAINS, ISD, named_schedule
from cl_theory.learning.learners.replica_learner import ReplicaLearner
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.proof.experiments.definition import Seeds, Settings
from cl_theory.proof.experiments.tracing import Measuring, traced
from cl_theory.seeds import FIXED_ROOT, stream

SIDE = 4


def run(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """Train one machine a seed and measure it at `points`; see `traced` for what comes back.

    The chain is that of `settings`, persistent or carried over: neither takes data in a negative phase.
    """
    data = bars_and_stripes(SIDE)
    schedule = named_schedule(settings["estimator"], **settings.get("schedule", {}))
    learner = ReplicaLearner(
        Replicas.of([first_machine(seed, data.shape[1], settings["hidden"]) for seed in seeds]),
        data,
        (schedule,) * len(seeds),
        (float(settings["rate"]),) * len(seeds),
        CHAINS[settings["chain"]](settings["sweeps"]),
        False,
        tuple(seeds),
    )
    known: Mapping[str, Callable[[Any], Any]] = exact_measures(data)
    measuring = Measuring({name: (known[name], every) for name, every in settings["measures"].items()}, {})
    rows_a_phase = schedule.p_positive if isinstance(schedule, ISD) else 0.5
    return traced(learner, points, FIXED_ROOT, measuring, float(rows_a_phase))


def first_machine(seed: int, n_visible: int, n_hidden: int) -> BoltzmannMachine:
    """Both kinds of weights N(0, 0.01^2), no biases: the same for a seed in every arm."""
    rng = stream(FIXED_ROOT, "experiments", "start", seed)
    weights = 0.01 * rng.standard_normal((n_hidden, n_visible))
    upper = np.triu(0.01 * rng.standard_normal((n_hidden, n_hidden)), 1)
    return BoltzmannMachine(weights, np.zeros(n_visible), np.zeros(n_hidden), upper + upper.T)
