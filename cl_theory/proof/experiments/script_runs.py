"""RBMs under what released scripts do beside the stated algorithms: where they start, when they step, what they see.

Settings are those of `rbm_runs`, and one of these where an arm has it:

after
    {"estimator", "rate", "phases"}: the run begins with the weights that this other training left.
n_positive
    Offline ISD: a step along the sum after so many positive phases.

Measures are those of `rbm_runs`, "tv_half_bias", and "error_cast" where there are labels."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from cl_theory.learning.learners.loop import run_learner
from cl_theory.learning.learners.parts import parameter_kinds
from cl_theory.learning.learners.replica_learner import OfflineISDLearner, ReplicaLearner
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.images import LARGEST
from cl_theory.learning.models.mnist import mnist
from cl_theory.proof.experiments import rbm_runs
from cl_theory.proof.experiments import tracing as measures
from cl_theory.proof.experiments.definition import Seeds, Settings
from cl_theory.proof.experiments.tracing import Measuring, traced
from cl_theory.seeds import FIXED_ROOT

OWN = ("tv_half_bias", "error_cast")
OTHER_NUMBERS = 1_000_000
"""Added to the numbers of replicas in the first training, which must not meet the second one's random numbers."""


def run(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """Train one RBM a seed and measure it at `points` of the run itself; see `traced` for what comes back."""
    data = rbm_runs.loaded(settings["data"])
    learner = learner_of(settings, seeds, data["train"])
    found = traced(learner, points, FIXED_ROOT, _measuring(settings, data), rbm_runs.rows_a_phase(settings))
    if "n_positive" in settings:
        updates_a_phase = settings["schedule"]["b"] / settings["n_positive"]
        found["axes"]["updates"] = [phases * updates_a_phase for phases in found["axes"]["phases"]]
    return found


def learner_of(settings: Settings, seeds: Seeds, rows: np.ndarray) -> ReplicaLearner:
    """The learner of these settings."""
    if "n_positive" in settings:
        offline = partial(OfflineISDLearner, n_positive=settings["n_positive"])
        return rbm_runs.learner_of(settings, seeds, rows, kind=offline)
    learner = rbm_runs.learner_of(settings, seeds, rows)
    if "after" in settings:
        return replace(learner, start_from=left_by_another(settings, seeds, rows))
    return learner


def left_by_another(settings: Settings, seeds: Seeds, rows: np.ndarray) -> Replicas:
    """What the training named by "after" leaves, from the same first weights."""
    after = settings["after"]
    learner = rbm_runs.learner_of({**settings, "schedule": {}, **after}, seeds, rows)
    apart = replace(learner, numbers=tuple(seed + OTHER_NUMBERS for seed in seeds))
    return run_learner(apart, after["phases"], seed=FIXED_ROOT).model


def _measuring(settings: Settings, data: dict[str, np.ndarray]) -> Measuring:
    stated = {name: every for name, every in settings["measures"].items() if name not in OWN}
    found = rbm_runs.measuring({**settings, "measures": stated}, data)
    own = {name: (_own(name, settings["data"], data), settings["measures"][name])
           for name in OWN if name in settings["measures"]}  # fmt: skip
    return Measuring({**found.curves, **own}, found.final)


def _own(name: str, source: str, data: dict[str, np.ndarray]) -> measures.Measure:
    if name == "error_cast":
        return measures.label_error(cast_pixels(source), data["test_labels"])
    whole = measures.total_variation(np.asarray(data["train"], dtype=np.float64))
    return lambda replicas: whole(with_half_biases(replicas))


def with_half_biases(replicas: Replicas) -> Replicas:
    """The same replicas with their hidden biases divided by 2."""
    shares = np.where(parameter_kinds(replicas.like) == "hidden_bias", 0.5, 1.0)
    return Replicas(replicas.like, shares * replicas.parameters)


def cast_pixels(source: str) -> np.ndarray:
    """Test images as shares of full brightness, cast to integers: only pixels of full brightness are left."""
    if source == "digits":
        from sklearn.datasets import load_digits  # here, since it takes most of a second to import

        return np.floor(load_digits().data[-rbm_runs.N_TEST_DIGITS :] / LARGEST)
    return np.floor(mnist("test")[0] / 255)
