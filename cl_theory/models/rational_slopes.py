"""The slope of a rational RBM's loss by calculus on polynomials, with no phase in sight."""

from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.models.rational_rbm import RationalRBM
from cl_theory.models.rbm import binary_states
from cl_theory.states import all_states


def loss_slopes_by_calculus(rbm: RationalRBM, data: Any) -> list[Fraction]:
    r"""Exact gradient of the mean negative log-likelihood, in the order of `RBM.gradient`.

    With :math:`x = e^{w}` for each parameter w the loss is a logarithm of polynomials in x, and
    :math:`\partial_w = x\,\partial_x`. SymPy differentiates; Boltzmann factors are put in last.
    """
    rows = binary_states(data, len(rbm.visible_factors), "data")
    values = [*rbm.weight_factors.flat, *rbm.visible_factors, *rbm.hidden_factors]
    symbols = sp.symbols(f"x:{len(values)}", positive=True)
    at = dict(zip(symbols, map(sp.Rational, values), strict=True))
    clamped = {tuple(v): _sum_over_hidden(v, len(rbm.hidden_factors), symbols) for v in all_states(rows.shape[1])}
    free = sum(clamped.values())
    seen = [clamped[tuple(row)] for row in rows]

    def slope_of_log(polynomial: sp.Expr, symbol: sp.Symbol) -> sp.Rational:
        return (symbol * sp.diff(polynomial, symbol)).subs(at) / polynomial.subs(at)

    slopes = [slope_of_log(free, s) - sum(slope_of_log(part, s) for part in seen) / len(seen) for s in symbols]
    return [Fraction(int(slope.p), int(slope.q)) for slope in slopes]


def _sum_over_hidden(v: np.ndarray, n_hidden: int, symbols: tuple[sp.Symbol, ...]) -> sp.Expr:
    return sum(_boltzmann_factor(v, h, symbols) for h in all_states(n_hidden))


def _boltzmann_factor(v: np.ndarray, h: np.ndarray, symbols: tuple[sp.Symbol, ...]) -> sp.Expr:
    powers = np.concatenate([np.outer(h, v).ravel(), v, h]).astype(int)
    return sp.Mul(*(symbol for symbol, power in zip(symbols, powers, strict=True) if power))
