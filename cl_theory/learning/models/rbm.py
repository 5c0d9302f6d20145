"""Restricted Boltzmann machine with 0/1 units, and what is known of it exactly; everything follows from its energy."""

from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logsumexp

from cl_theory.arguments import finite, positive, positive_integer
from cl_theory.theory.estimators.laws import PhaseMoments, independent_moments

MAX_UNITS = 20
"""Above this a table of all states no longer fits comfortably in memory."""


def all_states(n_units: int) -> np.ndarray:
    """All 2**n states of n 0/1 units, float64 (2**n, n); unit i is bit i of the row's index.

    ValueError if `n_units` is not an integer between 1 and 20.
    """
    n = positive_integer(n_units, "n_units")
    if n > MAX_UNITS:
        raise ValueError(f"n_units must be at most {MAX_UNITS} for a table of all states, got {n}")
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)


@dataclass(frozen=True, eq=False)
class TwoLayers:
    """Visible units v and hidden units h in {0, 1} with `weights` between them: what energy models here share.

    `weights` W (n_hidden, n_visible), `visible_bias` a, `hidden_bias` c; visible units do not see each other. The
    arrays are copied and frozen. ValueError on shapes that disagree, NaN or infinity.
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

    @property
    def n_visible(self) -> int:
        """Number of visible units."""
        return len(self.visible_bias)

    @property
    def n_hidden(self) -> int:
        """Number of hidden units."""
        return len(self.hidden_bias)

    @property
    def flat(self) -> np.ndarray:
        """All parameters in the order of a gradient row: W by rows, visible bias, hidden bias."""
        return np.concatenate([self.weights.ravel(), self.visible_bias, self.hidden_bias])

    def energy(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """E(v, h) of states (..., n_visible) and (..., n_hidden)."""
        return -((h @ self.weights) * v).sum(axis=-1) - v @ self.visible_bias - h @ self.hidden_bias

    def gradient(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        r"""Energy derivatives g = dE/dtheta = (-h v', -v, -h), rows (..., n_parameters) in the order of `flat`.

        :math:`g^{+}` where v is data, :math:`g^{-}` where (v, h) comes from the model: the gradient of the mean
        negative log-likelihood is :math:`E g^{+} - E g^{-}` (claim `cl-gradient`).
        """
        v, h = np.asarray(v, np.float64), np.asarray(h, np.float64)
        product = h[..., :, None] * v[..., None, :]
        return -np.concatenate([product.reshape(*product.shape[:-2], self.weights.size), v, h], axis=-1)

    def mean_v_given_h(self, h: np.ndarray) -> np.ndarray:
        """P(v = 1 | h), shape (..., n_visible)."""
        return expit(h @ self.weights + self.visible_bias)

    def sample_v_given_h(self, rng: np.random.Generator, h: np.ndarray) -> np.ndarray:
        """Draw visible units given hidden ones, float64 0/1."""
        mean = self.mean_v_given_h(h)
        return (rng.random(mean.shape) < mean).astype(np.float64)

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        r"""F(v) = -log sum_h exp(-E(v, h)), of states (..., n_visible)."""
        raise NotImplementedError

    def log_partition(self) -> float:
        """log sum over all (v, h) of exp(-E)."""
        raise NotImplementedError

    def negative_log_likelihood(self, data: np.ndarray) -> float:
        """Mean of -log p(v) over the rows of `data`, in nats."""
        return float(np.mean(self.free_energy(binary_states(data, self.n_visible, "data")))) + self.log_partition()


@dataclass(frozen=True, eq=False)
class RBM(TwoLayers):
    r"""Restricted Boltzmann machine: no unit sees another of its layer.

    .. math:: E(v, h) = -h^{\top} W v - a^{\top} v - c^{\top} h
    """

    @classmethod
    def random(cls, rng: np.random.Generator, n_visible: int, n_hidden: int, scale: float = 0.5) -> "RBM":
        """Weights and biases drawn from N(0, scale**2)."""
        shape = (positive_integer(n_hidden, "n_hidden"), positive_integer(n_visible, "n_visible"))
        spread = float(positive(scale, "scale"))
        return cls(*(spread * rng.standard_normal(size) for size in (shape, shape[1], shape[0])))

    @property
    def n_parameters(self) -> int:
        """Length of a gradient row: weights, visible bias, hidden bias."""
        return self.weights.size + self.n_visible + self.n_hidden

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

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        """F(v), the hidden units summed out one by one."""
        return -(v @ self.visible_bias) - np.logaddexp(0, v @ self.weights.T + self.hidden_bias).sum(axis=-1)

    def hidden_free_energy(self, h: np.ndarray) -> np.ndarray:
        """-log sum_v exp(-E(v, h)), of states (..., n_hidden)."""
        return self.transposed.free_energy(h)

    def log_partition(self) -> float:
        """log sum over all (v, h) of exp(-E), by enumerating the smaller side."""
        side = self if self.n_visible <= self.n_hidden else self.transposed
        return float(logsumexp(-side.free_energy(all_states(side.n_visible))))

    def mean_h_given_v(self, v: np.ndarray) -> np.ndarray:
        """P(h = 1 | v), shape (..., n_hidden)."""
        return expit(v @ self.weights.T + self.hidden_bias)

    def sample_h_given_v(self, rng: np.random.Generator, v: np.ndarray) -> np.ndarray:
        """Draw hidden units given visible ones, float64 0/1."""
        mean = self.mean_h_given_v(v)
        return (rng.random(mean.shape) < mean).astype(np.float64)


def binary_states(states: Any, n_units: int, name: str, dtype: npt.DTypeLike = np.float64) -> np.ndarray:
    """A copy of `states` as rows (n, n_units) of 0 and 1, else ValueError; as bytes they take an eighth of the room."""
    given = np.asarray(states)
    if given.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, got dtype {given.dtype}")
    if given.ndim != 2 or given.shape[1] != n_units or len(given) == 0:
        raise ValueError(f"{name} must be non-empty rows of {n_units} units, got shape {given.shape}")
    if not np.all((given == 0) | (given == 1)):
        raise ValueError(f"{name} must hold only 0 and 1; binarise it first")
    return np.array(given, dtype=dtype, order="C")


def rbm_phase_moments(rbm: RBM, data: np.ndarray) -> PhaseMoments:
    r"""Exact moments of the gradients in both phases, for independent phases.

    Positive phase: a row of `data` (n_rows, n_visible) drawn uniformly, then h from p(h | v). Negative phase:
    (v, h) from the model, by enumerating the :math:`2^{\min(n_v, n_h)}` states of the smaller side and
    averaging over the other side in closed form. The mean is the exact gradient of
    `rbm.negative_log_likelihood(data)` (claim `cl-gradient`). ValueError if the smaller side has more than 20
    units or `data` is not 0/1.
    """
    rows = binary_states(data, rbm.n_visible, "data")
    positive = _row_products(rows, rbm.mean_h_given_v(rows))
    probability, _, other_mean = model_table(rbm)
    negative = _table_products(probability, other_mean)
    return independent_moments(
        *_gradient_moments(positive, visible_first=True),
        *_gradient_moments(negative, visible_first=rbm.n_visible <= rbm.n_hidden),
    )


def model_table(rbm: RBM) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The model's law as (probability, states of the smaller side, P(other unit = 1 | that state))."""
    side = rbm if rbm.n_visible <= rbm.n_hidden else rbm.transposed
    states = all_states(side.n_visible)
    log_weight = -side.free_energy(states)
    return np.exp(log_weight - logsumexp(log_weight)), states, side.mean_h_given_v(states)


def _gradient_moments(products: np.ndarray, visible_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """E g and E g g' from E[s_i o_j s_k o_l] as (i, j, k, l), where index 0 on a side stands for the constant 1."""
    n, n_other = products.shape[:2]
    pairs = products.reshape(n * n_other, n * n_other)
    place = np.arange(n * n_other).reshape(n, n_other)
    hidden_by_visible = place.T if visible_first else place
    order = np.concatenate([hidden_by_visible[1:, 1:].ravel(), hidden_by_visible[0, 1:], hidden_by_visible[1:, 0]])
    return -pairs[0, order], pairs[np.ix_(order, order)]  # g = -(h v', v, h): the sign leaves g g' alone


def _row_products(states: np.ndarray, other_mean: np.ndarray) -> np.ndarray:
    """E[s_i o_j s_k o_l] over equally likely rows s, where the other side is independent given its means."""
    listed, means = _with_one(states), _with_one(other_mean)
    rows = (listed[:, :, None] * means[:, None, :]).reshape(len(states), -1) / np.sqrt(len(states))
    return _with_squares((rows.T @ rows).reshape((listed.shape[1], means.shape[1]) * 2))


def _table_products(probability: np.ndarray, other_mean: np.ndarray) -> np.ndarray:
    """The same over the table of all states of one side.

    Units are cut into four groups; for each pair of groups the others are summed out first, which leaves a small
    table of matrices over o. At 16 units this takes 24 times fewer operations than products of whole rows.
    """
    n = len(probability).bit_length() - 1
    rooted = np.sqrt(probability)[:, None] * _with_one(other_mean)
    n_other = rooted.shape[1]
    others = np.arange(n_other)
    cube = rooted.reshape((2,) * n + (n_other,))  # axis n - 1 - i is unit i
    products = np.empty((n + 1, n_other, n + 1, n_other))
    for first, second in combinations(np.array_split(np.arange(n), 4), 2):
        kept = np.concatenate([first, second])
        axes = [n - 1 - i for i in kept[::-1]]
        rest = [axis for axis in range(n) if axis not in axes]
        block = cube.transpose(*axes, *rest, n).reshape(2 ** len(kept), -1, n_other)
        index = np.concatenate([[0], kept + 1])
        products[np.ix_(index, others, index, others)] = _summed_over_units(block, len(kept))
    return _with_squares(products)


def _summed_over_units(block: np.ndarray, n_kept: int) -> np.ndarray:
    """From (states of the kept units, states of the others, o) to products as (i, j, k, l) of the kept units."""
    matrices = block.transpose(0, 2, 1) @ block
    units = _with_one(_kept_states(n_kept))
    both = (units[:, :, None] * units[:, None, :]).reshape(len(units), -1)
    summed = both.T @ matrices.reshape(len(units), -1)
    return summed.reshape(n_kept + 1, n_kept + 1, *matrices.shape[1:]).transpose(0, 2, 1, 3)


def _kept_states(n_kept: int) -> np.ndarray:
    return all_states(n_kept) if n_kept else np.zeros((1, 0))


def _with_one(values: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(values)), values])


def _with_squares(products: np.ndarray) -> np.ndarray:
    """Put E[s_i s_k o_j] where means gave E[s_i s_k E[o_j|s]^2]: o_j**2 = o_j for a 0/1 unit."""
    other = np.arange(products.shape[1])
    products[:, other, :, other] = np.moveaxis(products[:, 0], -1, 0).copy()
    return products


def rbm_phase_means(rbm: RBM, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Exact :math:`(\mu^{+}, \mu^{-})`, each (n_parameters,); their difference is the gradient of the loss.

    Several times faster than `rbm_phase_moments`, for steps of exact gradient descent. ValueError if the smaller
    side has more than 20 units or `data` is not 0/1.
    """
    rows = binary_states(data, rbm.n_visible, "data")
    uniform = np.full(len(rows), 1 / len(rows))
    positive = _mean_gradient(uniform, rows, rbm.mean_h_given_v(rows))
    probability, states, other = model_table(rbm)
    v, h = (states, other) if rbm.n_visible <= rbm.n_hidden else (other, states)
    return positive, _mean_gradient(probability, v, h)


def _mean_gradient(probability: np.ndarray, v: np.ndarray, h: np.ndarray) -> np.ndarray:
    # One side is listed and the other is a conditional mean, so the product is E[h v'] given the listed state.
    product = (probability[:, None] * h).T @ v
    return -np.concatenate([product.ravel(), probability @ v, probability @ h])


def descended(rbm: RBM, data: np.ndarray, n_steps: int, learning_rate: float) -> RBM:
    """The RBM after `n_steps` of exact gradient descent on the mean negative log-likelihood of `data`."""
    rate = float(positive(learning_rate, "learning_rate"))
    for _ in range(positive_integer(n_steps, "n_steps")):
        mean_positive, mean_negative = rbm_phase_means(rbm, data)
        rbm = rbm.with_flat(rbm.flat - rate * (mean_positive - mean_negative))
    return rbm


EIGHTH_ORDER = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))
"""Central differences: multiples of the step with their weights."""


def loss_slope(rbm: RBM, data: np.ndarray, direction: np.ndarray, step: float = 0.02) -> float:
    """Slope of `rbm.negative_log_likelihood(data)` along `direction` (n_parameters,).

    Central differences of order eight, so that a step of 0.02 along a unit vector leaves a relative error near
    1e-12. ValueError unless the direction is a finite vector of that length and the step is above 0.
    """
    line = finite(np.asarray(direction, dtype=float), "direction")
    if line.shape != (rbm.n_parameters,):
        raise ValueError(f"direction must have shape ({rbm.n_parameters},), got {line.shape}")
    size = float(positive(step, "step"))

    def loss(distance: float) -> float:
        return rbm.with_flat(rbm.flat + distance * size * line).negative_log_likelihood(data)

    return sum(weight * (loss(k) - loss(-k)) for k, weight in EIGHTH_ORDER) / size


@dataclass(frozen=True, eq=False)
class FreePhase:
    """The model's law as a table over the smaller side: `probability` (N,), `listed` (N, n), `other` means (N, m)."""

    probability: np.ndarray
    listed: np.ndarray
    other: np.ndarray
    visible_first: bool

    @classmethod
    def of(cls, rbm: RBM) -> "FreePhase":
        """Of an RBM whose smaller side has at most 20 units; one exponential an entry, `model_table` takes three."""
        visible_first = rbm.n_visible <= rbm.n_hidden
        side = rbm if visible_first else rbm.transposed
        listed = all_states(side.n_visible)
        inputs = listed @ side.weights.T + side.hidden_bias
        small = np.exp(-np.abs(inputs))
        log_weight = listed @ side.visible_bias + np.maximum(inputs, 0).sum(axis=1) + np.log((1 + small).prod(axis=1))
        weight = np.exp(log_weight - log_weight.max())
        other = np.where(inputs > 0, 1, small) / (1 + small)
        return cls(weight / weight.sum(), listed, other, visible_first)

    @property
    def mean(self) -> np.ndarray:
        """g- = -E s, (n_parameters,), in the order of `RBM.flat`."""
        return -self._summed(np.ones(len(self.listed)), self.other)

    def along(self, direction: np.ndarray) -> np.ndarray:
        r""":math:`Dg^- u = -\operatorname{Cov}(s, s\cdot u)` for a direction u (n_parameters,), exact."""
        weights, listed_bias, other_bias = self._parts(direction)
        field = self.listed @ weights + other_bias
        value = (field * self.other).sum(axis=1) + self.listed @ listed_bias  # E[s.u | listed]
        spread = field * self.other * (1 - self.other)
        total = self._summed(value, value[:, None] * self.other + spread)
        return -(total + self.mean * (self.probability @ value))

    def _summed(self, listed_factor: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Sums over the table of p times (listed * other, listed * factor, other), in the order of `RBM.flat`."""
        weighted = self.probability[:, None] * self.listed
        product, one, two = weighted.T @ other, weighted.T @ listed_factor, self.probability @ other
        if self.visible_first:
            return np.concatenate([product.T.ravel(), one, two])
        return np.concatenate([product.ravel(), two, one])

    def _parts(self, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n, m = self.listed.shape[1], self.other.shape[1]
        product, first, second = np.split(direction, [n * m, n * m + (n if self.visible_first else m)])
        if self.visible_first:
            return product.reshape(m, n).T, first, second
        return product.reshape(n, m), second, first


BLOCK = 128
"""States at a time, so that they stay in the cache: all 2^16 beside 794 visible units would fill half a gigabyte."""
FACTORS = 1000
"""Numbers up to 2 whose product is a double."""


def hidden_log_weights(rbm: RBM) -> np.ndarray:
    r"""Log of the weight of each hidden state, (2^n_hidden,), in the order of `all_states`.

    .. math:: w(h) = \sum_v e^{-E(v, h)} = e^{c^\top h} \prod_i \big(1 + e^{a_i + (W^\top h)_i}\big)

    Divided by their sum they are p(h). The state h = 0 has the weight :math:`\prod_i (1 + e^{a_i})`: without visible
    biases it is 2^n_visible, whatever was learned. ValueError above 20 hidden units.
    """
    states = all_states(rbm.n_hidden)
    blocks = [states[k : k + BLOCK] for k in range(0, len(states), BLOCK)]
    return np.concatenate([h @ rbm.hidden_bias + _log_of_ones_and(h @ rbm.weights + rbm.visible_bias) for h in blocks])


def _log_of_ones_and(x: np.ndarray) -> np.ndarray:
    """Sum of log(1 + e^x) over the last axis: one logarithm for each product of factors between 1 and 2."""
    factors = 1 + np.exp(-np.abs(x))
    parts = (factors[..., k : k + FACTORS] for k in range(0, x.shape[-1], FACTORS))
    return np.maximum(x, 0).sum(axis=-1) + sum(np.log(part.prod(axis=-1)) for part in parts)


def log_weights_by_count(log_weights: np.ndarray) -> np.ndarray:
    """Log of the weight of all states with k hidden units on, k = 0 .. n_hidden, of what `hidden_log_weights` gave."""
    n_hidden = len(log_weights).bit_length() - 1
    count = all_states(n_hidden).sum(axis=1)
    return np.array([logsumexp(log_weights[count == k]) for k in range(n_hidden + 1)])
