"""Restricted Boltzmann machine with 0/1 units; everything follows from its energy."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp

from cl_theory.arguments import finite, positive, positive_integer
from cl_theory.states import all_states


@dataclass(frozen=True, eq=False)
class RBM:
    r"""RBM with visible units v and hidden units h in {0, 1}.

    .. math:: E(v, h) = -h^{\top} W v - a^{\top} v - c^{\top} h

    `weights` W (n_hidden, n_visible), `visible_bias` a, `hidden_bias` c. No temperature. The arrays are copied
    and frozen. ValueError on shapes that disagree, NaN or infinity.
    """

    weights: np.ndarray
    visible_bias: np.ndarray
    hidden_bias: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            array = finite(np.array(getattr(self, field.name), dtype=np.float64), field.name)
            array.flags.writeable = False
            object.__setattr__(self, field.name, array)
        wanted = (len(self.hidden_bias), len(self.visible_bias))
        if self.hidden_bias.ndim != 1 or self.visible_bias.ndim != 1 or self.weights.shape != wanted:
            raise ValueError(
                f"weights must have shape (n_hidden, n_visible), got {self.weights.shape} with "
                f"hidden_bias {self.hidden_bias.shape} and visible_bias {self.visible_bias.shape}"
            )

    @classmethod
    def random(cls, rng: np.random.Generator, n_visible: int, n_hidden: int, scale: float = 0.5) -> "RBM":
        """Weights and biases drawn from N(0, scale**2)."""
        shape = (positive_integer(n_hidden, "n_hidden"), positive_integer(n_visible, "n_visible"))
        spread = float(positive(scale, "scale"))
        return cls(*(spread * rng.standard_normal(size) for size in (shape, shape[1], shape[0])))

    @property
    def n_visible(self) -> int:
        """Number of visible units."""
        return len(self.visible_bias)

    @property
    def n_hidden(self) -> int:
        """Number of hidden units."""
        return len(self.hidden_bias)

    @property
    def n_parameters(self) -> int:
        """Length of a gradient row: weights, visible bias, hidden bias."""
        return self.weights.size + self.n_visible + self.n_hidden

    @property
    def flat(self) -> np.ndarray:
        """All parameters in the order of a gradient row: W by rows, visible bias, hidden bias."""
        return np.concatenate([self.weights.ravel(), self.visible_bias, self.hidden_bias])

    def with_flat(self, parameters: Any) -> "RBM":
        """The RBM of this size with other parameters, in the order of `flat`."""
        theta = np.asarray(parameters, dtype=np.float64)
        if theta.shape != (self.n_parameters,):
            raise ValueError(f"parameters must have shape ({self.n_parameters},), got {theta.shape}")
        weights, visible, hidden = np.split(theta, [self.weights.size, self.weights.size + self.n_visible])
        return RBM(weights.reshape(self.weights.shape), visible, hidden)

    @property
    def transposed(self) -> "RBM":
        """The same joint law with visible and hidden units exchanged."""
        return RBM(self.weights.T, self.hidden_bias, self.visible_bias)

    def energy(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """E(v, h) of states (..., n_visible) and (..., n_hidden)."""
        return -((h @ self.weights) * v).sum(axis=-1) - v @ self.visible_bias - h @ self.hidden_bias

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        r"""F(v) = -log sum_h exp(-E(v, h)), of states (..., n_visible)."""
        return -(v @ self.visible_bias) - np.logaddexp(0, v @ self.weights.T + self.hidden_bias).sum(axis=-1)

    def log_partition(self) -> float:
        """log sum over all (v, h) of exp(-E), by enumerating the smaller side."""
        side = self if self.n_visible <= self.n_hidden else self.transposed
        return float(logsumexp(-side.free_energy(all_states(side.n_visible))))

    def negative_log_likelihood(self, data: np.ndarray) -> float:
        """Mean of -log p(v) over the rows of `data`, in nats."""
        return float(np.mean(self.free_energy(binary_states(data, self.n_visible, "data")))) + self.log_partition()

    def mean_h_given_v(self, v: np.ndarray) -> np.ndarray:
        """P(h = 1 | v), shape (..., n_hidden)."""
        return expit(v @ self.weights.T + self.hidden_bias)

    def mean_v_given_h(self, h: np.ndarray) -> np.ndarray:
        """P(v = 1 | h), shape (..., n_visible)."""
        return expit(h @ self.weights + self.visible_bias)

    def sample_h_given_v(self, rng: np.random.Generator, v: np.ndarray) -> np.ndarray:
        """Draw hidden units given visible ones, float64 0/1."""
        mean = self.mean_h_given_v(v)
        return (rng.random(mean.shape) < mean).astype(np.float64)

    def sample_v_given_h(self, rng: np.random.Generator, h: np.ndarray) -> np.ndarray:
        """Draw visible units given hidden ones, float64 0/1."""
        mean = self.mean_v_given_h(h)
        return (rng.random(mean.shape) < mean).astype(np.float64)

    def gradient(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        r"""Energy derivatives g = dE/dtheta = (-h v', -v, -h), rows (..., n_parameters) in the order of `flat`.

        :math:`g^{+}` where v is data, :math:`g^{-}` where (v, h) comes from the model: the gradient of the mean
        negative log-likelihood is :math:`E g^{+} - E g^{-}` (claim `cl-gradient`).
        """
        v, h = np.asarray(v, np.float64), np.asarray(h, np.float64)
        product = h[..., :, None] * v[..., None, :]
        return -np.concatenate([product.reshape(*product.shape[:-2], self.weights.size), v, h], axis=-1)


def binary_states(states: Any, n_units: int, name: str) -> np.ndarray:
    """`states` as float64 rows (n, n_units) of 0 and 1, else ValueError."""
    given = np.asarray(states)
    if given.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, got dtype {given.dtype}")
    rows = given.astype(np.float64)
    if rows.ndim != 2 or rows.shape[1] != n_units or len(rows) == 0:
        raise ValueError(f"{name} must be non-empty rows of {n_units} units, got shape {rows.shape}")
    if not np.all((rows == 0) | (rows == 1)):
        raise ValueError(f"{name} must hold only 0 and 1; binarise it first")
    return rows
