"""Forward-forward: what the two phases of a pair share when they show the same image, and what Adam makes of it."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cl_theory.arguments import probability_inside
from cl_theory.datasets.digits import with_label_pixels, wrong_labels
from cl_theory.learning.parts import Adam
from cl_theory.models.forward_forward import ForwardForward, direction

Layer = tuple[np.ndarray, np.ndarray]
"""Of one layer and each row: its gradient is the outer product of the first, (n, n_out), and the second, (n, n_in)."""


@dataclass(frozen=True, eq=False)
class PairMoments:
    """Moments of each coordinate of g+ and g- over all images and all wrong labels, in the order of `net.flat`.

    `product` is E g+ g- where both phases show the same image, `silent` the share of phases, half of them positive, in
    which the unit that a parameter belongs to is off.
    """

    mean_positive: np.ndarray
    mean_negative: np.ndarray
    square_positive: np.ndarray
    square_negative: np.ndarray
    product: np.ndarray
    silent: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The gradient of the loss."""
        return self.mean_positive - self.mean_negative

    @property
    def two_term_square(self) -> np.ndarray:
        """E D^2 of each coordinate: a pair shows one image twice, with its label and with a wrong one."""
        return self.square_positive + self.square_negative - 2 * self.product

    def isd_square(self, p_positive: float = 0.5) -> np.ndarray:
        """E Z^2 of each coordinate."""
        b = float(probability_inside(p_positive))
        return self.square_positive / b + self.square_negative / (1 - b)

    @property
    def centre(self) -> np.ndarray:
        """The best baseline of ISD at b = 1/2: the mean of both phases."""
        return (self.mean_positive + self.mean_negative) / 2

    @property
    def centred_square(self) -> np.ndarray:
        """E Z^2 of each coordinate for ISD at b = 1/2 around `centre`."""
        return self.isd_square() - 4 * self.centre**2

    @property
    def noise_of_silence(self) -> float:
        """Share of the second moment of centred ISD that moves units while they are off: (2c)^2, as g is 0 there."""
        return float((4 * self.silent * self.centre**2).sum() / self.centred_square.sum())

    @property
    def shared(self) -> float:
        r"""Share :math:`2 E\langle g^+, g^-\rangle / (m_+ + m_-)` of the pair's second moment that cancels."""
        return float(2 * self.product.sum() / (self.square_positive + self.square_negative).sum())

    @property
    def shared_by_all(self) -> float:
        """The same if the two phases showed independent images: only the means cancel."""
        both = self.mean_positive @ self.mean_negative
        return float(2 * both / (self.square_positive + self.square_negative).sum())


def pair_moments(net: ForwardForward, images: np.ndarray, labels: np.ndarray, n_classes: int = 10) -> PairMoments:
    """Exact moments of the gradients at the parameters of `net`, by going through every image and every wrong label."""
    seen = _layers(net, with_label_pixels(images, labels, n_classes), 1.0)
    total = np.zeros((6, net.flat.size))
    for shift in range(1, n_classes):
        wrong = _layers(net, with_label_pixels(images, (labels + shift) % n_classes, n_classes), -1.0)
        total += np.concatenate([_six(up, down) for up, down in zip(seen, wrong, strict=True)], axis=1)
    return PairMoments(*(total / (n_classes - 1)))


def adam_drift(mean: np.ndarray, square: np.ndarray) -> np.ndarray:
    r"""Mean step of Adam per update and unit of the learning rate where the gradient's moments stay: E Z / sqrt(E Z^2).

    Its moving averages are close to their means when they average over many updates; the scale of Z drops out.
    """
    return np.divide(mean, np.sqrt(square), out=np.zeros_like(mean), where=square > 0)


def mean_adam_step(
    rng: np.random.Generator, net: ForwardForward, images: np.ndarray, labels: np.ndarray, n: int, *, isd: bool
) -> np.ndarray:
    """Mean of `n` steps of Adam, per unit of the learning rate, with the parameters held where they are.

    One image an update: both phases of it, or under ISD at b = 1/2 one of them with weight 2. The first half, while the
    moving averages settle, is left out.
    """
    adam, settled = Adam(1.0), n // 2
    memory, total = adam.start(net.flat.size), np.zeros(net.flat.size)
    for k in range(n):
        step, memory = adam.step(_estimate(rng, net, images, labels, isd), memory)
        total += step * (k >= settled)
    return -total / (n - settled)


def _estimate(
    rng: np.random.Generator, net: ForwardForward, images: np.ndarray, labels: np.ndarray, isd: bool
) -> np.ndarray:
    row = rng.integers(len(images), size=1)
    wrong = wrong_labels(rng, labels[row])
    signs = rng.random(1) < 0.5 if isd else np.array([True, False])
    shown = np.where(signs, labels[row], wrong)
    weights = np.where(signs, 1.0, -1.0) * (2.0 if isd else 1.0)
    return net.weighted_gradient(with_label_pixels(np.repeat(images[row], len(signs), axis=0), shown), signs, weights)


def _layers(net: ForwardForward, x: np.ndarray, sign: float) -> list[Layer]:
    """g+ (`sign` 1) or g- (-1) of every row, layer by layer, as outer products."""
    parts, below = [], x
    for weights, biases in zip(net.weights, net.biases, strict=True):
        inputs = direction(below)
        below = np.maximum(inputs @ weights.T + biases, 0)
        surprise = expit(sign * (net.threshold - (below**2).mean(axis=-1)))
        parts.append(((-surprise * 2 / len(biases))[:, None] * below, inputs))
    return parts


def _six(up: Layer, down: Layer) -> np.ndarray:
    """E g+, E g-, E g+^2, E g-^2, E g+ g- and the silent share of one layer, (6, n_parameters of the layer)."""
    (pull, inputs), (pull_wrong, inputs_wrong) = up, down
    off = ((pull == 0).astype(float) + (pull_wrong == 0)) / 2
    pairs = (
        (pull, inputs),
        (pull_wrong, inputs_wrong),
        (pull**2, inputs**2),
        (pull_wrong**2, inputs_wrong**2),
        (pull * pull_wrong, inputs * inputs_wrong),
        (off, np.ones_like(inputs)),
    )
    return np.array([np.concatenate([(p.T @ x).ravel(), p.sum(axis=0)]) for p, x in pairs]) / len(pull)


def living_units(net: ForwardForward, images: np.ndarray, labels: np.ndarray, n_classes: int = 10) -> np.ndarray:
    """Share of the units of each layer that are on for some image with its label, (n_layers,)."""
    layers = _layers(net, with_label_pixels(images, labels, n_classes), 1.0)
    return np.array([(pull != 0).any(axis=0).mean() for pull, _ in layers])
