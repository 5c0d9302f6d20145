"""Classification with forward-forward: the label whose image excites the layers most."""

import numpy as np
import numpy.typing as npt

from cl_theory.models.forward_forward import SMALLEST_LENGTH, ForwardForward

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
