"""Forward-forward: what the two phases of a pair share when they show the same image, and what Adam makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cl_theory.arguments import probability_inside
from cl_theory.datasets.digits import with_label_pixels, wrong_labels
from cl_theory.experiments.forward_forward_runs import loaded
from cl_theory.learning.parts import Adam
from cl_theory.models.forward_forward import ForwardForward, direction, predicted_labels
from cl_theory.seeds import FIXED_ROOT, stream

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
    def drift(self) -> float:
        """How far ISD drifts a phase under Adam along the mean gradient; two-term learning drifts by 1."""
        return self._relative_drift(self.isd_square())

    @property
    def centred_drift(self) -> float:
        """The same around the best baseline."""
        return self._relative_drift(self.centred_square)

    def _relative_drift(self, square: np.ndarray) -> float:
        along, of_pair = self.mean, self.two_term_square  # a pair takes two phases
        return float(2 * (adam_drift(along, square) @ along) / (adam_drift(along, of_pair) @ along))

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


def digit_images(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of the digits twin, "train" or "test"."""
    data = loaded("digits")
    return data[part].astype(np.float64), data[f"{part}_labels"]


def pair_moments(net: ForwardForward, images: np.ndarray, labels: np.ndarray, n_classes: int = 10) -> PairMoments:
    """Exact moments of the gradients at the parameters of `net`, by going through every image and every wrong label."""
    seen = _layers(net, with_label_pixels(images, labels, n_classes), 1.0)
    total = np.zeros((4, net.flat.size))
    for shift in range(1, n_classes):
        wrong = _layers(net, with_label_pixels(images, (labels + shift) % n_classes, n_classes), -1.0)
        total += np.concatenate([_of_negative(up, down) for up, down in zip(seen, wrong, strict=True)], axis=1)
    mean_negative, square_negative, product, silent = total / (n_classes - 1)
    mean_positive, square_positive = np.concatenate([_of_positive(up) for up in seen], axis=1)
    return PairMoments(mean_positive, mean_negative, square_positive, square_negative, product, silent)


def moments_along(nets: Mapping[int, ForwardForward], images: np.ndarray, labels: np.ndarray) -> dict[int, PairMoments]:
    """The moments of each net of a run, by its number of phases."""
    return {after: pair_moments(net, images, labels) for after, net in nets.items()}


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
    shown, signs, weights = _drawn(rng, images, labels, n, isd)
    layers = [
        ((weights[:, None] * pull).reshape(n, -1, pull.shape[1]), inputs.reshape(n, -1, inputs.shape[1]))
        for pull, inputs in _layers(net, shown, np.where(signs, 1.0, -1.0))
    ]
    adam, settled = Adam(1.0), n // 2
    memory, total = adam.start(net.flat.size), np.zeros(net.flat.size)
    for k in range(n):
        parts = [(pull[k].T @ inputs[k], pull[k].sum(axis=0)) for pull, inputs in layers]
        step, memory = adam.step(np.concatenate([part.ravel() for both in parts for part in both]), memory)
        total += step * (k >= settled)
    return -total / (n - settled)


def measured_drift(
    net: ForwardForward, images: np.ndarray, labels: np.ndarray, along: np.ndarray, n: int = 2000, repeats: int = 6
) -> tuple[float, float]:
    """(`PairMoments.drift`, its standard error) as Adam drifts while `net` is held: `repeats` times `n` steps.

    `along` is the mean gradient. Two-term learning takes 2 n steps, since the mean of its first steps is noisier.
    """
    isd, two_term = (
        np.array(
            [
                mean_adam_step(
                    stream(FIXED_ROOT, "adam at a held net", int(isd), k), net, images, labels, steps, isd=isd
                )
                @ along
                for k in range(repeats)
            ]
        )
        for isd, steps in ((True, n), (False, 2 * n))
    )
    ratio = 2 * isd.mean() / two_term.mean()
    return ratio, ratio * np.hypot(*(d.std(ddof=1) / repeats**0.5 / d.mean() for d in (isd, two_term)))


def _drawn(
    rng: np.random.Generator, images: np.ndarray, labels: np.ndarray, n: int, isd: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images shown in `n` updates, one (ISD) or two rows each, with the signs and weights of their phases."""
    rows, coins, wrong = [], [], []
    for _ in range(n):
        row = rng.integers(len(images), size=1)
        rows.append(row)
        wrong.append(wrong_labels(rng, labels[row]))
        coins.append(rng.random(1) < 0.5 if isd else np.array([True, False]))
    signs = np.concatenate(coins)
    row, other = (np.repeat(np.concatenate(part), len(coins[0])) for part in (rows, wrong))
    shown = with_label_pixels(images[row], np.where(signs, labels[row], other))
    return shown, signs, np.where(signs, 1.0, -1.0) * (2.0 if isd else 1.0)


def _layers(net: ForwardForward, x: np.ndarray, sign: float | np.ndarray) -> list[Layer]:
    """g+ (`sign` 1) or g- (-1) of every row, layer by layer, as outer products."""
    parts, below = [], x
    for weights, biases in zip(net.weights, net.biases, strict=True):
        inputs = direction(below)
        below = np.maximum(inputs @ weights.T + biases, 0)
        surprise = expit(sign * (net.threshold - (below**2).mean(axis=-1)))
        parts.append(((-surprise * 2 / len(biases))[:, None] * below, inputs))
    return parts


def _of_positive(up: Layer) -> np.ndarray:
    """E g+ and E g+^2 of one layer, (2, n_parameters of the layer)."""
    pull, inputs = up
    return _averaged((pull, inputs), (pull**2, inputs**2))


def _of_negative(up: Layer, down: Layer) -> np.ndarray:
    """E g-, E g-^2, E g+ g- and the silent share of one layer, (4, n_parameters of the layer)."""
    (pull, inputs), (pull_wrong, inputs_wrong) = up, down
    off = ((pull == 0).mean(axis=0) + (pull_wrong == 0).mean(axis=0)) / 2
    silent = np.concatenate([np.repeat(off, inputs.shape[1]), off])
    moments = _averaged(
        (pull_wrong, inputs_wrong), (pull_wrong**2, inputs_wrong**2), (pull * pull_wrong, inputs * inputs_wrong)
    )
    return np.vstack([moments, silent])


def _averaged(*pairs: Layer) -> np.ndarray:
    """Means over the rows of outer products, with the second factor's bias 1 after them."""
    return np.array([np.concatenate([(p.T @ x).ravel(), p.sum(axis=0)]) / len(p) for p, x in pairs])


def living_units(net: ForwardForward, images: np.ndarray, labels: np.ndarray, n_classes: int = 10) -> np.ndarray:
    """Share of the units of each layer that are on for some image with its label, (n_layers,)."""
    layers = _layers(net, with_label_pixels(images, labels, n_classes), 1.0)
    return np.array([(pull != 0).any(axis=0).mean() for pull, _ in layers])


def label_error(net: ForwardForward, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose label of largest goodness is wrong."""
    return float(np.mean(predicted_labels(net, images) != labels))
