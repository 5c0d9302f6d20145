"""A small RBM whose Boltzmann factors are rational, so that its laws and the slopes of its loss are exact."""

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.learning.models.rbm import RBM, all_states, binary_states
from cl_theory.theory.arithmetic import as_floats, exact_array
from cl_theory.theory.estimators.laws import FiniteLaw, PhaseMoments, independent_law, independent_moments

if TYPE_CHECKING:
    import sympy as sp


MAX_STATES = 4096
"""More joint states than this take too long in exact arithmetic."""


@dataclass(frozen=True, eq=False)
class RationalRBM:
    r"""RBM given by its factors :math:`e^{W}, e^{a}, e^{c}`, positive rationals.

    `weight_factors` (n_hidden, n_visible), `visible_factors`, `hidden_factors`: integers, Fractions or texts like
    "3/2". A state has weight :math:`\prod_{ij} (e^{W_{ij}})^{h_i v_j} \prod_j (e^{a_j})^{v_j} \prod_i (e^{c_i})^{h_i}`.
    TypeError on floats; ValueError unless all factors are above 0 and shapes agree.
    """

    weight_factors: np.ndarray
    visible_factors: np.ndarray
    hidden_factors: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            factors = exact_array(getattr(self, field.name))
            if not (factors > 0).all():
                raise ValueError(f"{field.name} must be above 0, got {min(factors.flat)!r}")
            object.__setattr__(self, field.name, factors)
        wanted = (len(self.hidden_factors), len(self.visible_factors))
        if self.weight_factors.shape != wanted:
            raise ValueError(f"weight_factors must have shape {wanted}, got {self.weight_factors.shape}")
        if 2 ** sum(wanted) > MAX_STATES:
            raise ValueError(f"exact enumeration takes at most {MAX_STATES} joint states, got {2 ** sum(wanted)}")

    @classmethod
    def random(cls, rng: np.random.Generator, n_visible: int, n_hidden: int, largest: int = 5) -> "RationalRBM":
        """Factors p/q with p and q drawn from 1, ..., largest."""
        shape = (positive_integer(n_hidden, "n_hidden"), positive_integer(n_visible, "n_visible"))
        return cls(*(_random_factors(rng, size, largest) for size in (shape, shape[1], shape[0])))

    def floats(self) -> RBM:
        """The same model in float64: parameters are the logarithms of the factors."""
        return RBM(*(np.log(as_floats(getattr(self, field.name))) for field in fields(self)))

    def weight(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """exp(-E(v, h)) of integer rows (n, n_visible), (n, n_hidden), exact."""
        both = h[:, :, None] * v[:, None, :]
        coupling = (self.weight_factors**both).prod(axis=(1, 2))
        return coupling * (self.visible_factors**v).prod(axis=1) * (self.hidden_factors**h).prod(axis=1)

    def law(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The model's exact law: (probability, v, h), one row a joint state."""
        v, h = _all_pairs(_integer_states(len(self.visible_factors)), _integer_states(len(self.hidden_factors)))
        weight = self.weight(v, h)
        return weight / weight.sum(), v, h

    def data_law(self, data: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The positive phase's exact law: a row of `data` drawn uniformly, then h given v."""
        rows = _integers(binary_states(data, len(self.visible_factors), "data"))
        hidden = _integer_states(len(self.hidden_factors))
        v, h = _all_pairs(rows, hidden)
        weight = self.weight(v, h).reshape(len(rows), len(hidden))
        return (weight / weight.sum(axis=1, keepdims=True)).ravel() / Fraction(len(rows)), v, h

    def gradient(self, v: np.ndarray, h: np.ndarray) -> np.ndarray:
        """Rows (-h v', -v, -h) of integers, in the order of `RBM.gradient`."""
        product = (h[:, :, None] * v[:, None, :]).reshape(len(v), -1)
        return -np.concatenate([product, v, h], axis=1)

    def finite_law(self, data: Any) -> FiniteLaw:
        """Exact joint law of (g+, g-) for independent phases."""
        positive, v_data, h_data = self.data_law(data)
        negative, v, h = self.law()
        return independent_law(positive, self.gradient(v_data, h_data), negative, self.gradient(v, h))

    def phase_moments(self, data: Any) -> PhaseMoments:
        """Exact moments for independent phases, without listing their joint atoms."""
        positive, v_data, h_data = self.data_law(data)
        negative, v, h = self.law()
        sides = (positive, self.gradient(v_data, h_data)), (negative, self.gradient(v, h))
        return independent_moments(*(moment for p, g in sides for moment in (p @ g, (p[:, None] * g).T @ g)))


def _random_factors(rng: np.random.Generator, size: Any, largest: int) -> np.ndarray:
    return exact_array(rng.integers(1, largest + 1, size=size)) / exact_array(rng.integers(1, largest + 1, size=size))


def _integers(states: np.ndarray) -> np.ndarray:
    return states.astype(int).astype(object)  # Python integers: Fractions must not meet numpy's fixed width


def _integer_states(n_units: int) -> np.ndarray:
    return _integers(all_states(n_units))


def _all_pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(first, len(second), axis=0), np.tile(second, (len(first), 1))


def loss_slopes_by_calculus(rbm: RationalRBM, data: Any) -> list[Fraction]:
    r"""Exact gradient of the mean negative log-likelihood, in the order of `RBM.gradient`.

    With :math:`x = e^{w}` for each parameter w the loss is a logarithm of polynomials in x, and
    :math:`\partial_w = x\,\partial_x`. SymPy differentiates; Boltzmann factors are put in last.
    """
    import sympy as sp

    rows = binary_states(data, len(rbm.visible_factors), "data")
    values = [*rbm.weight_factors.flat, *rbm.visible_factors, *rbm.hidden_factors]
    symbols = sp.symbols(f"x:{len(values)}", positive=True)
    at = dict(zip(symbols, map(sp.Rational, values), strict=True))
    clamped = {tuple(v): _sum_over_hidden(v, len(rbm.hidden_factors), symbols) for v in all_states(rows.shape[1])}
    free = sum(clamped.values())
    seen = [clamped[tuple(row)] for row in rows]

    def slope_of_log(polynomial: "sp.Expr", symbol: "sp.Symbol") -> "sp.Rational":
        return (symbol * sp.diff(polynomial, symbol)).subs(at) / polynomial.subs(at)

    slopes = [slope_of_log(free, s) - sum(slope_of_log(part, s) for part in seen) / len(seen) for s in symbols]
    return [Fraction(int(slope.p), int(slope.q)) for slope in slopes]


def _sum_over_hidden(v: np.ndarray, n_hidden: int, symbols: "tuple[sp.Symbol, ...]") -> "sp.Expr":
    return sum(_boltzmann_factor(v, h, symbols) for h in all_states(n_hidden))


def _boltzmann_factor(v: np.ndarray, h: np.ndarray, symbols: "tuple[sp.Symbol, ...]") -> "sp.Expr":
    powers = np.concatenate([np.outer(h, v).ravel(), v, h]).astype(int)
    import sympy as sp

    return sp.Mul(*(symbol for symbol, power in zip(symbols, powers, strict=True) if power))
