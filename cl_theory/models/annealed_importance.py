"""Annealed importance sampling: log Z with its error where enumeration is out of reach."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from cl_theory.arguments import positive_integer
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.models.rbm import RBM, binary_states

Network = RBM | BoltzmannMachine


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
