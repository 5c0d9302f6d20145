"""Classification with label units: the last visible units of an energy model carry the label."""

import numpy as np
from scipy.special import expit, logsumexp

from cl_theory.arguments import positive_integer
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.rbm import RBM, binary_states


def label_probabilities(model: RBM | BoltzmannMachine, pixels: np.ndarray, n_labels: int = 10) -> np.ndarray:
    r"""p(label | pixels) over one-hot labels, (n_samples, n_labels), exact.

    .. math:: p(y \mid x) \propto e^{-F(x, e_y)}

    The last `n_labels` visible units are the label units. An RBM may have any size; a Boltzmann machine at most 20
    hidden units. Source: Larochelle & Bengio (2008), Eq. 2.
    """
    rows = binary_states(pixels, n_pixels(model, n_labels), "pixels")
    table = _of_rbm(model, rows) if isinstance(model, RBM) else _by_free_energy(model, rows, n_labels)
    return np.exp(table - logsumexp(table, axis=-1, keepdims=True))


def mean_label_units(
    rng: np.random.Generator, rbm: RBM, pixels: np.ndarray, n_labels: int = 10, *, n_steps: int = 100, burn_in: int = 20
) -> np.ndarray:
    """Label units of a chain with the pixels held, averaged over the steps after `burn_in`, (n_samples, n_labels).

    This is how a network without any other machinery classifies: clamp the pixels, run, look at the label units.
    They are free bits here; nothing makes them one-hot. ValueError unless 0 <= burn_in < n_steps.
    """
    rows = binary_states(pixels, n_pixels(rbm, n_labels), "pixels")
    positive_integer(n_steps, "n_steps")
    if not 0 <= burn_in < n_steps:
        raise ValueError(f"burn_in must lie in 0 .. n_steps - 1 = {n_steps - 1}, got {burn_in}")
    drive = rows @ rbm.weights[:, : rows.shape[1]].T  # of the clamped pixels: the same at every step
    part = RBM(rbm.weights[:, rows.shape[1] :], rbm.visible_bias[rows.shape[1] :], rbm.hidden_bias)
    labels, total = rng.integers(0, 2, (len(rows), n_labels)).astype(np.float64), np.zeros((len(rows), n_labels))
    for step in range(n_steps):
        h = _switched(rng, drive + labels @ part.weights.T + part.hidden_bias)
        labels = part.sample_v_given_h(rng, h)
        if step >= burn_in:
            total += labels
    return total / (n_steps - burn_in)


def predicted_labels(label_units: np.ndarray) -> np.ndarray:
    """The label whose unit is largest, (n_samples,)."""
    return np.asarray(label_units).argmax(axis=-1)


def n_pixels(model: RBM | BoltzmannMachine, n_labels: int) -> int:
    """Visible units that are no label units; ValueError if there are none."""
    if not 1 <= n_labels < model.n_visible:
        raise ValueError(f"n_labels must lie in 1 .. {model.n_visible - 1} for {model.n_visible} units, got {n_labels}")
    return model.n_visible - n_labels


def _by_free_energy(model: RBM | BoltzmannMachine, rows: np.ndarray, n_labels: int) -> np.ndarray:
    """-F(x, e_y) of each row and label."""
    return np.stack([-model.free_energy(_beside(rows, unit)) for unit in np.eye(n_labels)], axis=-1)


def _of_rbm(rbm: RBM, rows: np.ndarray) -> np.ndarray:
    """The same up to a constant a row: the pixels' part of the activations is shared by all labels."""
    n = rows.shape[1]
    drive = rows @ rbm.weights[:, :n].T + rbm.hidden_bias
    labels = zip(rbm.weights[:, n:].T, rbm.visible_bias[n:], strict=True)
    return np.stack([np.logaddexp(0, drive + w).sum(axis=-1) + a for w, a in labels], axis=-1)


def _beside(rows: np.ndarray, units: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, np.broadcast_to(units, (len(rows), len(units)))], axis=1)


def _switched(rng: np.random.Generator, activation: np.ndarray) -> np.ndarray:
    """Bits that are 1 with the logistic of their activation."""
    return (rng.random(activation.shape) < expit(activation)).astype(np.float64)
