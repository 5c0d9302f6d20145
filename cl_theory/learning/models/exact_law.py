"""Probabilities, distances and draws of an energy model, exact where one side can be enumerated and else annealed."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp

from cl_theory.arguments import positive_integer
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.rbm import RBM, all_states, binary_states

Network = RBM | BoltzmannMachine


def log_probability_v(model: Network, v: np.ndarray) -> np.ndarray:
    """log p(v) of each row, in nats."""
    return -model.free_energy(binary_states(v, model.n_visible, "v")) - model.log_partition()


def total_variation(model: Network, data: np.ndarray) -> float:
    r"""Distance between the model and the rows of `data`, in [0, 1].

    .. math:: \tfrac12 \sum_v |p(v) - \hat p(v)| = \sum_v \max(0,\ \hat p(v) - p(v))

    The second sum runs over rows that occur in `data` only, so that its cost does not grow as 2**n_visible.
    """
    rows, count = np.unique(binary_states(data, model.n_visible, "data"), axis=0, return_counts=True)
    shortfall = count / count.sum() - np.exp(log_probability_v(model, rows))
    return float(np.maximum(shortfall, 0).sum())


def sample_exactly(rng: np.random.Generator, model: Network, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Independent draws (v, h) from the model itself: one side from its enumerated law, the other given it."""
    n_samples = positive_integer(n_samples, "n_samples")
    if isinstance(model, RBM) and model.n_visible < model.n_hidden:
        v = _drawn(rng, -model.free_energy(all_states(model.n_visible)), n_samples)
        return v, model.sample_h_given_v(rng, v)
    h = _drawn(rng, -model.hidden_free_energy(all_states(model.n_hidden)), n_samples)
    return model.sample_v_given_h(rng, h), h


def _drawn(rng: np.random.Generator, log_weight: np.ndarray, n_samples: int) -> np.ndarray:
    """States drawn in proportion to exp(`log_weight`), by the inverse of the cumulated law."""
    cumulated = np.cumsum(np.exp(log_weight - logsumexp(log_weight)))
    index = np.searchsorted(cumulated, rng.random(n_samples) * cumulated[-1], side="right")
    n_units = len(log_weight).bit_length() - 1
    return ((index[:, None] >> np.arange(n_units)) & 1).astype(np.float64)


@dataclass(frozen=True)
class LogPartitionEstimate:
    """log Z and how well it is known, in nats.

    exp(`log_partition`) is an unbiased estimate of Z, so log_partition errs low on average. `standard_error` is that of
    the logarithm, by the delta method; trust it when `effective_sample_size` is well above one.
    """

    log_partition: float
    standard_error: float
    effective_sample_size: float
    n_chains: int

    @classmethod
    def of(cls, log_weights: np.ndarray) -> "LogPartitionEstimate":
        """Estimate from one log importance weight a chain, (n_chains,)."""
        n = len(log_weights)
        relative = np.exp(log_weights - (logsumexp(log_weights) - np.log(n)))  # mean one
        error = relative.std(ddof=1) / np.sqrt(n)
        size = n**2 / float((relative**2).sum())
        return cls(float(logsumexp(log_weights) - np.log(n)), float(error), size, n)


def annealed_log_partition(
    rng: np.random.Generator,
    network: Network,
    *,
    n_chains: int = 100,
    n_temperatures: int = 1000,
    base_visible_bias: np.ndarray | None = None,
) -> LogPartitionEstimate:
    r"""Estimate log Z by annealing from independent units to `network`.

    The energies in between are :math:`E_\beta = (1-\beta) E_0 + \beta E` for `n_temperatures` equal steps of
    :math:`\beta`, where E_0 has no weights, no hidden biases and `base_visible_bias` on the visible units (0 if not
    given; the log odds of the data's means shorten the way). Each step multiplies a chain's weight by the ratio of the
    two laws at its state and moves it by one Gibbs sweep.
    Source: Neal (2001); Salakhutdinov & Murray (2008) for RBMs.
    """
    n_chains, n_temperatures = (
        positive_integer(n_chains, "n_chains"),
        positive_integer(n_temperatures, "n_temperatures"),
    )
    if n_chains < 2:
        raise ValueError(f"n_chains must be at least 2 for a standard error, got {n_chains}")
    base = _base(network, base_visible_bias)
    h = rng.integers(0, 2, (n_chains, network.n_hidden)).astype(np.float64)
    v = base.sample_v_given_h(rng, h)
    log_weights = np.full(n_chains, _log_partition_of_independent_units(base))
    for k in range(1, n_temperatures + 1):
        before, after = (_between(base, network, (k - i) / n_temperatures) for i in (1, 0))
        log_weights += _log_ratio(before, after, v, h)
        v, h = _swept(rng, after, v, h)
    return LogPartitionEstimate.of(log_weights)


def annealed_negative_log_likelihood(
    rng: np.random.Generator, rbm: RBM, data: np.ndarray, *, n_chains: int = 100, n_temperatures: int = 1000
) -> tuple[float, float]:
    """(mean of -log p(v) over the rows of `data`, its standard error), in nats; free energies are exact.

    The annealing starts from independent units with the data's means.
    """
    rows = binary_states(data, rbm.n_visible, "data")
    mean = np.clip(rows.mean(axis=0), 0.5 / len(rows), 1 - 0.5 / len(rows))  # a unit that never varies stays finite
    estimate = annealed_log_partition(
        rng, rbm, n_chains=n_chains, n_temperatures=n_temperatures, base_visible_bias=np.log(mean / (1 - mean))
    )
    return float(rbm.free_energy(rows).mean()) + estimate.log_partition, estimate.standard_error


def _base(network: Network, visible_bias: np.ndarray | None) -> Network:
    """The network with nothing but biases on its visible units."""
    bias = np.zeros(network.n_visible) if visible_bias is None else np.asarray(visible_bias, dtype=np.float64)
    if bias.shape != (network.n_visible,):
        raise ValueError(f"base_visible_bias must have shape ({network.n_visible},), got {bias.shape}")
    start = network.weights.size
    flat = np.zeros_like(network.flat)
    flat[start : start + bias.size] = bias
    return network.with_flat(flat)


def _between(base: Network, network: Network, beta: float) -> Network:
    """Energies are linear in the parameters, so that the path of energies is a path of parameters."""
    return network.with_flat((1 - beta) * base.flat + beta * network.flat)


def _log_partition_of_independent_units(base: Network) -> float:
    return float(np.logaddexp(0, base.visible_bias).sum() + base.n_hidden * np.log(2))


def _log_ratio(before: Network, after: Network, v: np.ndarray, h: np.ndarray) -> np.ndarray:
    """log of the ratio of the unnormalised laws; an RBM sums its hidden units out, which lowers the variance."""
    if isinstance(before, RBM) and isinstance(after, RBM):
        return before.free_energy(v) - after.free_energy(v)
    return before.energy(v, h) - after.energy(v, h)


def _swept(rng: np.random.Generator, network: Network, v: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One Gibbs sweep: hidden units first, since the RBM's weights have just used the law of v alone."""
    if isinstance(network, BoltzmannMachine):
        h = network.gibbs_h_given_v(rng, v, h)
    else:
        h = network.sample_h_given_v(rng, v)
    return network.sample_v_given_h(rng, h), h


def label_probabilities(model: Network, pixels: np.ndarray, n_labels: int = 10) -> np.ndarray:
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


def n_pixels(model: Network, n_labels: int) -> int:
    """Visible units that are no label units; ValueError if there are none."""
    if not 1 <= n_labels < model.n_visible:
        raise ValueError(f"n_labels must lie in 1 .. {model.n_visible - 1} for {model.n_visible} units, got {n_labels}")
    return model.n_visible - n_labels


def _by_free_energy(model: Network, rows: np.ndarray, n_labels: int) -> np.ndarray:
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
