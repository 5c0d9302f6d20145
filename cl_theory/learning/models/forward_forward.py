"""Forward-forward nets: layers, goodness, and hidden units that are independent of each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from cl_theory.arguments import finite, positive, positive_integer

SMALLEST_LENGTH = 1e-8
"""Added to the length that an input is divided by, so that an input of zeros stays zero."""


@dataclass(frozen=True, eq=False)
class ForwardForward:
    r"""Layers of rectified units, each fed with the direction of the activity below, each with a loss of its own.

    .. math:: x_l = \mathrm{relu}(W_l\, \hat x_{l-1} + c_l), \quad \hat x = x / |x|, \quad
        G_l = \frac1{n_l} |x_l|^2, \quad
        \ell_l = \mathrm{softplus}(\vartheta - G_l)\ \text{(positive)},\
        \mathrm{softplus}(G_l - \vartheta)\ \text{(negative)}

    `weights` (n_out, n_in) and `biases` (n_out,) per layer, `threshold` is :math:`\vartheta`. The length of the
    activity below is divided out, so that a layer cannot copy the goodness of the one before; no gradient passes
    between layers. ValueError on layers that do not fit. Source: Hinton (2022).
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    threshold: float = 2.0

    def __post_init__(self) -> None:
        positive(self.threshold, "threshold")
        if len(self.weights) == 0 or len(self.weights) != len(self.biases):
            raise ValueError(f"a bias per layer is needed, got {len(self.weights)} weights, {len(self.biases)} biases")
        object.__setattr__(self, "weights", tuple(finite(w, "weights") for w in self.weights))
        object.__setattr__(self, "biases", tuple(finite(c, "biases") for c in self.biases))
        _check_layers(self.weights, self.biases)

    @classmethod
    def random(cls, rng: np.random.Generator, sizes: Sequence[int] = (784, 500, 500), threshold: float = 2.0) -> Self:
        r"""Weights and biases uniform within :math:`\pm 1/\sqrt{n_{in}}`; `sizes` lists inputs, then the layers."""
        if len(sizes) < 2:
            raise ValueError(f"sizes must list the inputs and at least one layer, got {tuple(sizes)}")
        n = [positive_integer(size, "sizes") for size in sizes]
        pairs = list(zip(n[1:], n[:-1], strict=True))
        weights = tuple(rng.uniform(-1, 1, pair) / np.sqrt(pair[1]) for pair in pairs)
        biases = tuple(rng.uniform(-1, 1, n_out) / np.sqrt(n_in) for n_out, n_in in pairs)
        return cls(weights, biases, threshold)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of inputs, then of units in each layer."""
        return (self.weights[0].shape[1], *(len(c) for c in self.biases))

    @property
    def flat(self) -> np.ndarray:
        """All parameters layer by layer: weights by rows, then biases."""
        parts = [part.ravel() for layer in zip(self.weights, self.biases, strict=True) for part in layer]
        return np.concatenate(parts)

    def with_flat(self, parameters: np.ndarray) -> Self:
        """The network of this shape with other parameters, in the order of `flat`."""
        shapes = [part.shape for layer in zip(self.weights, self.biases, strict=True) for part in layer]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        if np.shape(parameters) != (ends[-1],):
            raise ValueError(f"parameters must have shape ({ends[-1]},), got {np.shape(parameters)}")
        parts = [p.reshape(s) for p, s in zip(np.split(parameters, ends[:-1]), shapes, strict=True)]
        return replace(self, weights=tuple(parts[::2]), biases=tuple(parts[1::2]))

    def activities(self, x: np.ndarray) -> list[np.ndarray]:
        """Activity of each layer, (n_samples, n_out) each, for input rows `x`."""
        states, below = [], x
        for weights, biases in zip(self.weights, self.biases, strict=True):
            below = np.maximum(direction(below) @ weights.T + biases, 0)
            states.append(below)
        return states

    def goodness(self, x: np.ndarray) -> np.ndarray:
        """Mean squared activity of each layer, (n_samples, n_layers)."""
        return np.stack([(state**2).mean(axis=-1) for state in self.activities(x)], axis=-1)

    def layer_losses(self, x: np.ndarray, is_positive: np.ndarray) -> np.ndarray:
        """Logistic loss of each layer, (n_samples, n_layers); finite however large the goodness is."""
        return np.logaddexp(0, _sign(is_positive) * (self.threshold - self.goodness(x)))

    def weighted_gradient(self, x: np.ndarray, is_positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r"""Sum over rows of :math:`w_k\, g_k`, (n_parameters,), where g is what contrastive estimators average.

        :math:`g^{+}` is the gradient of the positive loss and :math:`g^{-}` minus that of the negative one, so that
        the loss has the gradient :math:`E g^{+} - E g^{-}` as in an energy model. Each layer sees its own loss only.
        """
        parts, below = [], x
        sign = _sign(is_positive)[:, 0]
        for layer_weights, biases in zip(self.weights, self.biases, strict=True):
            inputs = direction(below)
            below = np.maximum(inputs @ layer_weights.T + biases, 0)
            surprise = expit(sign * (self.threshold - (below**2).mean(axis=-1)))
            # d loss / dG is -sign times the surprise; g- is minus the gradient of its loss: the signs cancel.
            pull = (-weights * surprise * 2 / len(biases))[:, None] * below
            parts += [(pull.T @ inputs).ravel(), pull.sum(axis=0)]
        return np.concatenate(parts)


def direction(x: np.ndarray) -> np.ndarray:
    """Rows divided by their length; a row of zeros stays zero."""
    return x / (np.linalg.norm(x, axis=-1, keepdims=True) + SMALLEST_LENGTH)


def _sign(is_positive: np.ndarray) -> np.ndarray:
    return np.where(is_positive, 1.0, -1.0)[:, None]


def _check_layers(weights: tuple[np.ndarray, ...], biases: tuple[np.ndarray, ...]) -> None:
    for n, (w, c) in enumerate(zip(weights, biases, strict=True)):
        if w.ndim != 2 or 0 in w.shape or c.shape != (len(w),):
            raise ValueError(f"layer {n} must have weights (n_out, n_in) and biases (n_out,), got {w.shape}, {c.shape}")
        if n and w.shape[1] != len(weights[n - 1]):
            raise ValueError(f"layer {n} must take {len(weights[n - 1])} inputs from the one below, got {w.shape[1]}")


BLOCK = 100
"""Images at a time: the activities of all their labels stay in the cache."""


def label_goodness(
    network: ForwardForward, images: np.ndarray, n_classes: int = 10, *, dtype: npt.DTypeLike = np.float64
) -> np.ndarray:
    r"""Goodness summed over the layers, (n_images, n_classes), with each label written over the first pixels.

    The other pixels :math:`r` drive the first layer alike under every label, and all images that differ in the label
    only have one length: with :math:`u_k` the column of weights of label k and biases c,

    .. math:: W \hat x_k + c = (W_r r + u_k) / \sqrt{|r|^2 + 1} + c

    so that this layer costs one product instead of `n_classes`. The products run in `dtype`; float32 halves their time
    and has six digits, enough to follow the error of classification along training.
    """
    _check_images(network, images, n_classes)
    layers = [(w.astype(dtype), c.astype(dtype)) for w, c in zip(network.weights, network.biases, strict=True)]
    scores = np.empty((len(images), n_classes), dtype=dtype)
    for first in range(0, len(images), BLOCK):
        here = slice(first, first + BLOCK)
        scores[here] = _scores(layers, np.asarray(images[here, n_classes:], dtype=dtype))
    return scores


def predicted_labels(
    network: ForwardForward, images: np.ndarray, n_classes: int = 10, *, dtype: npt.DTypeLike = np.float64
) -> np.ndarray:
    """The label of the largest goodness for each image, (n_images,)."""
    return label_goodness(network, images, n_classes, dtype=dtype).argmax(axis=-1)


def _scores(layers: list[tuple[np.ndarray, np.ndarray]], rest: np.ndarray) -> np.ndarray:
    """Summed goodness (n_images, n_classes) from the pixels beyond the labels."""
    (weights, biases), *above = layers
    n_classes = weights.shape[1] - rest.shape[1]
    shrink = 1 / (np.sqrt((rest * rest).sum(axis=1, keepdims=True) + 1) + rest.dtype.type(SMALLEST_LENGTH))
    common = rest @ weights[:, n_classes:].T * shrink + biases
    states = _rectified(shrink[:, :, None] * weights[:, :n_classes].T + common[:, None])
    states = states.reshape(-1, len(biases))
    squares = np.einsum("ij,ij->i", states, states)
    total = squares / len(biases)
    for weights, biases in above:
        drive = states @ weights.T
        drive /= (np.sqrt(squares) + rest.dtype.type(SMALLEST_LENGTH))[:, None]
        drive += biases
        states = _rectified(drive)
        squares = np.einsum("ij,ij->i", states, states)
        total += squares / len(biases)
    return total.reshape(-1, n_classes)


def _rectified(drive: np.ndarray) -> np.ndarray:
    """max(drive, 0), in place."""
    return np.maximum(drive, 0, out=drive)


def _check_images(network: ForwardForward, images: np.ndarray, n_classes: int) -> None:
    n_pixels = network.sizes[0]
    if images.ndim != 2 or images.shape[1] != n_pixels or not 0 < n_classes <= n_pixels:
        raise ValueError(
            f"images must be rows of {n_pixels} pixels with room for {n_classes} labels, got shape {images.shape}"
        )


def independent_loss(train: np.ndarray, test: np.ndarray) -> float:
    """Mean of -log p over the bits of `test` (n, n_units), in nats, each unit on as often as in `train`.

    Half a row that is on and half a row that is off are added, so that no probability is 0.
    """
    on = (train.sum(axis=0) + 0.5) / (len(train) + 1)
    return float(-np.mean(np.sum(test * np.log(on) + (1 - test) * np.log(1 - on), axis=1)))
