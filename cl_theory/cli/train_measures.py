"""What ``cl-theory train`` records on the way: exact where it can be, estimated and called so where it cannot."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cl_theory.cli.train_choices import Rows
from cl_theory.learning.likelihood import exact_measures
from cl_theory.learning.loop import Measures
from cl_theory.models import forward_forward
from cl_theory.models.exact_law import annealed_negative_log_likelihood, label_probabilities
from cl_theory.models.rbm import RBM
from cl_theory.seeds import stream
from cl_theory.states import MAX_UNITS

LARGEST_SET = 500
"""Measures on more rows than this would cost more than learning."""


def measures(model: Any, data: Rows, seed: int) -> Measures:
    """Named measures that fit the model and the data: likelihood and distance, error on test rows, or both."""
    train, test, labels = data.train[:LARGEST_SET], data.test[:LARGEST_SET], data.test_labels
    if not hasattr(model, "n_visible"):
        return {"test_error": _error(lambda m: forward_forward.predicted_labels(m, test), labels)}
    named = dict(_likelihood(model, data.train, train, seed))
    if labels is not None and (isinstance(model, RBM) or model.n_hidden <= MAX_UNITS):
        pixels = test[:, : -data.n_labels]
        named["test_error"] = _error(lambda m: label_probabilities(m, pixels).argmax(axis=1), labels)
    return named


def _likelihood(model: Any, whole: np.ndarray, few: np.ndarray, seed: int) -> Measures:
    if min(model.n_visible, model.n_hidden) <= MAX_UNITS:
        exact = exact_measures(np.asarray(few, dtype=np.float64))
        return exact if model.n_visible <= MAX_UNITS and len(whole) <= LARGEST_SET else {"nll": exact["nll"]}
    if isinstance(model, RBM):
        return {"nll_estimate": lambda m: _annealed(m, few, seed)}
    return {}


def _annealed(model: RBM, rows: np.ndarray, seed: int) -> float:
    """The same random numbers every time, so that a curve moves with the model and not with its estimate."""
    rng = stream(seed, "train", "annealed")
    return annealed_negative_log_likelihood(rng, model, rows, n_chains=30, n_temperatures=200)[0]


def _error(predict: Callable[[Any], np.ndarray], labels: np.ndarray | None) -> Callable[[Any], float]:
    assert labels is not None
    return lambda model: float(np.mean((found := predict(model)) != labels[: len(found)]))
