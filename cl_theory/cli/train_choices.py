"""From the words of ``cl-theory train`` to models, data, schedules and optimisers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.datasets import bars_and_stripes, binarised_mnist, labelled_digits, mnist
from cl_theory.learning.parts import ESTIMATORS, LENGTHS, Schedule, chosen, named_schedule
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.models.rbm import RBM

N_LABELS = 10
TEST_DIGITS = 397
"""The last digits are kept for testing."""

MODELS = ("rbm", "boltzmann", "forward-forward")
DATA = ("digits", "bas", "mnist")


@dataclass(frozen=True, eq=False)
class Rows:
    """Training and test rows; labels are None where the data have none. Label units are the last `n_labels` units."""

    train: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None

    @property
    def n_labels(self) -> int:
        return 0 if self.train_labels is None else N_LABELS


def filled_in(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The options with those that were left open filled in for the model, the estimator and the optimiser."""
    layered = asked["model"] == "forward-forward"
    usual: dict[str, Any] = {
        "hidden": 100 if layered else 16,
        "phases": 20_000 if asked["estimator"] == "always-on-isd" else 100_000,
        "optimiser": "adam" if layered else "sgd",
    }
    whole: dict[str, Any] = {name: usual.get(name) if value is None else value for name, value in asked.items()}
    if whole["learning_rate"] is None:
        whole["learning_rate"] = usual_learning_rate(whole["optimiser"], whole["estimator"], layered)
    return whole


def usual_learning_rate(optimiser: str, estimator: str, layered: bool) -> float:
    """A step size that learns with one chain or image at a time."""
    if layered:
        return 0.01 if optimiser == "adam" else 0.1
    plain = 0.005 if estimator == "always-on-isd" else 0.002
    return {"momentum": plain / 10, "adam": 0.0005}.get(optimiser, plain)


def rows(data: str, model: str, size: int) -> Rows:
    """The named data: bits with label units for energy models, images with room for a label for forward-forward."""
    chosen(DATA, data, "--data")
    if data == "bas":
        if model == "forward-forward":
            raise ValueError("--model forward-forward needs labelled data: use --data digits or mnist")
        images = bars_and_stripes(size)
        return Rows(images, images)
    return _digits(model) if data == "digits" else _mnist(model)


def _digits(model: str) -> Rows:
    bits, labels = labelled_digits(label_units=model != "forward-forward")
    if model == "forward-forward":
        bits = np.concatenate([np.zeros((len(bits), N_LABELS)), bits], axis=1)  # 8x8 digits fill their first pixels
    n = len(bits) - TEST_DIGITS
    return Rows(bits[:n], bits[n:], labels[:n], labels[n:])


def _mnist(model: str) -> Rows:
    if model == "forward-forward":
        (train, train_labels), (test, test_labels) = mnist("train"), mnist("test")
        return Rows((train / 255).astype(np.float32), (test / 255).astype(np.float32), train_labels, test_labels)
    (train, train_labels), (test, test_labels) = binarised_mnist("train"), binarised_mnist("test")
    return Rows(train, test, train_labels, test_labels)


def starting_model(model: str, n_inputs: int, n_hidden: int, rng: np.random.Generator) -> Any:
    """The model before learning: weights N(0, 0.01^2) and no biases, or forward-forward's two layers."""
    chosen(MODELS, model, "--model")
    if n_hidden < 1:
        raise ValueError(f"--hidden must be an integer above 0, got {n_hidden}")
    if model == "forward-forward":
        return ForwardForward.random(rng, (n_inputs, n_hidden, n_hidden))
    weights = 0.01 * rng.standard_normal((n_hidden, n_inputs))
    if model == "rbm":
        return RBM(weights, np.zeros(n_inputs), np.zeros(n_hidden))
    return BoltzmannMachine(weights, np.zeros(n_inputs), np.zeros(n_hidden), np.zeros((n_hidden, n_hidden)))


def schedule(estimator: str, b: float, order: str, length: int, length_law: str, baseline_rate: float) -> Schedule:
    """The schedule of an estimator's name."""
    chosen(ESTIMATORS, estimator, "--estimator")
    chosen(LENGTHS, length_law, "--length-law")
    centred = None if estimator == "always-on-isd" else baseline_rate
    return named_schedule(estimator, b, order, length, length_law, centred)
