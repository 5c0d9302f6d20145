"""RBMs and Boltzmann machines under one arm of an experiment: from plain settings to what was measured."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from cl_theory.learning.learners.likelihood import exact_measures
from cl_theory.learning.learners.parts import CHAINS, TwoTerm, named_schedule
from cl_theory.learning.learners.replica_learner import ReplicaLearner
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.boltzmann import BoltzmannMachine
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


def run_machines(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """The same for Boltzmann machines with coupled hidden units, on bars and stripes.

    Their chains are persistent or carried over: neither takes data in a negative phase.
    """
    rows = bars_and_stripes(4)
    learner, known = learner_of(settings, seeds, rows, first_machine), exact_measures(rows)
    curves: Mapping[str, Any] = {name: (known[name], every) for name, every in settings["measures"].items()}
    return traced(learner, points, FIXED_ROOT, Measuring(curves, {}), rows_a_phase(settings))


def learner_of(
    settings: Settings,
    seeds: Seeds,
    rows: np.ndarray,
    first: Callable[[int, int, int], RBM | BoltzmannMachine] | None = None,
    kind: Callable[..., ReplicaLearner] = ReplicaLearner,
) -> ReplicaLearner:
    """The learner of these settings, of models that begin as `first`, default `first_rbm`, says for each seed."""
    schedule, n = named_schedule(settings["estimator"], **settings.get("schedule", {})), len(seeds)
    start = Replicas.of([(first or first_rbm)(seed, rows.shape[1], settings["hidden"]) for seed in seeds])
    rates, chain = (float(settings["rate"]),) * n, CHAINS[settings["chain"]](settings["sweeps"])
    return kind(start, rows, (schedule,) * n, rates, chain, False, tuple(seeds))


def first_rbm(seed: int, n_visible: int, n_hidden: int) -> RBM:
    """Weights N(0, 0.01^2), no biases: the same for a seed in every arm."""
    rng = stream(FIXED_ROOT, "experiments", "start", seed)
    return RBM(0.01 * rng.standard_normal((n_hidden, n_visible)), np.zeros(n_visible), np.zeros(n_hidden))


def first_machine(seed: int, n_visible: int, n_hidden: int) -> BoltzmannMachine:
    """Both kinds of weights N(0, 0.01^2), no biases: the same for a seed in every arm."""
    rng = stream(FIXED_ROOT, "experiments", "start", seed)
    weights = 0.01 * rng.standard_normal((n_hidden, n_visible))
    upper = np.triu(0.01 * rng.standard_normal((n_hidden, n_hidden)), 1)
    return BoltzmannMachine(weights, np.zeros(n_visible), np.zeros(n_hidden), upper + upper.T)


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
        return {"train": rows[:n], "test": rows[n:], "test_labels": labels[n:]}
    if name == "binarised-mnist":
        (train, _), (test, labels) = binarised_mnist("train"), binarised_mnist("test")
        return {"train": train, "test": test, "test_labels": labels}
    raise ValueError(f"data must be bars-and-stripes, digits or binarised-mnist, got {name!r}")


def measuring(settings: Settings, data: dict[str, np.ndarray]) -> Measuring:
    """The measures that `settings` names, each at every k-th point: {"nll": k, ...}, and those of the end."""
    known = _known(data)
    curves = {name: (known[name], every) for name, every in settings["measures"].items()}
    return Measuring(curves, {name: known[name] for name in settings.get("final", ())})


def _known(data: dict[str, np.ndarray]) -> dict[str, measures.Measure]:
    train = np.asarray(data["train"][:10_000], dtype=np.float64)
    found = {"nll": measures.mean_nll(train[:1000]), "weights": _weights} | measures.second_moments(train)
    if "test" not in data:
        return found | {"tv": measures.total_variation(train)}
    pixels, labels = np.asarray(data["test"][:, :-N_LABELS], dtype=np.float64), data["test_labels"]
    return found | {
        "error": measures.label_error(pixels, labels),
        "error_by_chain": measures.label_error_by_chain(pixels[:2000], labels[:2000], FIXED_ROOT),
        "test_nll": measures.mean_nll(np.asarray(data["test"][:1000], dtype=np.float64)),
    }


def _weights(replicas: Replicas) -> np.ndarray:
    """All parameters of the first replica, as one row of numbers: W by rows, then the hidden biases."""
    return np.concatenate([replicas.weights[0].ravel(), replicas.hidden_bias[0]])[None]
