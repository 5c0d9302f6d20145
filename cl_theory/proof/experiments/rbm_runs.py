"""RBM replicas under one arm of an experiment: from plain settings to what was measured."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from cl_theory.learning.learners.parts import CHAINS, TwoTerm, named_schedule
from cl_theory.learning.learners.replica_learner import ReplicaLearner
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.images import bars_and_stripes, labelled_digits
from cl_theory.learning.models.mnist import binarised_mnist
from cl_theory.learning.models.rbm import RBM
from cl_theory.proof.experiments import tracing as measures
from cl_theory.proof.experiments.definition import Seeds, Settings
from cl_theory.proof.experiments.tracing import Measuring, traced
from cl_theory.seeds import FIXED_ROOT, stream

N_TEST_DIGITS = 397
N_LABELS = 10


def run(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """Train one replica a seed and measure it at `points`; see `traced` for what comes back."""
    data = loaded(settings["data"])
    learner = learner_of(settings, seeds, data["train"])
    return traced(learner, points, FIXED_ROOT, measuring(settings, data), rows_a_phase(settings))


def learner_of(settings: Settings, seeds: Seeds, rows: np.ndarray) -> ReplicaLearner:
    """The learner of these settings: plain descent in one compiled call, or a call a phase where it is centred."""
    schedule = named_schedule(settings["estimator"], **settings.get("schedule", {}))
    chain = CHAINS[settings["chain"]](settings["sweeps"])
    start = Replicas.of([first_rbm(seed, rows.shape[1], settings["hidden"]) for seed in seeds])
    n, rate, numbers = len(seeds), float(settings["rate"]), tuple(seeds)
    parts = start, rows, (schedule,) * n, (rate,) * n, chain, False, numbers
    return ReplicaLearner(*parts)


def first_rbm(seed: int, n_visible: int, n_hidden: int) -> RBM:
    """Weights N(0, 0.01^2), no biases: the same for a seed in every arm."""
    rng = stream(FIXED_ROOT, "experiments", "start", seed)
    return RBM(0.01 * rng.standard_normal((n_hidden, n_visible)), np.zeros(n_visible), np.zeros(n_hidden))


def rows_a_phase(settings: Settings) -> float:
    """Rows of data that a phase takes on average: positive phases one, and negative ones that start at new data."""
    schedule = named_schedule(settings["estimator"], **settings.get("schedule", {}))
    if isinstance(schedule, TwoTerm):
        return 0.5  # both phases of a pair share a row
    return 1.0 if settings["chain"] == "cd" else float(schedule.p_positive)


@lru_cache(maxsize=2)
def loaded(name: str) -> dict[str, np.ndarray]:
    """Training rows, and test rows with labels where there are labels."""
    if name == "bars-and-stripes":
        return {"train": bars_and_stripes(4)}
    if name == "digits":
        rows, labels = labelled_digits()
        n = len(rows) - N_TEST_DIGITS
        return {"train": rows[:n], "test": rows[n:], "labels": labels[n:]}
    if name == "binarised-mnist":
        (train, _), (test, labels) = binarised_mnist("train"), binarised_mnist("test")
        return {"train": train, "test": test, "labels": labels}
    raise ValueError(f"data must be bars-and-stripes, digits or binarised-mnist, got {name!r}")


def measuring(settings: Settings, data: dict[str, np.ndarray]) -> Measuring:
    """The measures that `settings` names, each at every k-th point: {"nll": k, ...}, and those of the end."""
    known = {name: (measure, settings["measures"][name]) for name, measure in _known(data).items()
             if name in settings["measures"]}  # fmt: skip
    final = {name: measure for name, measure in _known(data).items() if name in settings.get("final", ())}
    return Measuring(known, final)


def _known(data: dict[str, np.ndarray]) -> dict[str, measures.Measure]:
    train = np.asarray(data["train"][:10_000], dtype=np.float64)
    found = {"nll": measures.mean_nll(train[:1000]), "weights": _weights} | measures.second_moments(train)
    if "test" not in data:
        return found | {"tv": measures.total_variation(train)}
    pixels, labels = np.asarray(data["test"][:, :-N_LABELS], dtype=np.float64), data["labels"]
    return found | {
        "error": measures.label_error(pixels, labels),
        "error_by_chain": measures.label_error_by_chain(pixels[:2000], labels[:2000], FIXED_ROOT),
        "test_nll": measures.mean_nll(np.asarray(data["test"][:1000], dtype=np.float64)),
    }


def _weights(replicas: Replicas) -> np.ndarray:
    """All parameters of the first replica, as one row of numbers: W by rows, then the hidden biases."""
    return np.concatenate([replicas.weights[0].ravel(), replicas.hidden_bias[0]])[None]
