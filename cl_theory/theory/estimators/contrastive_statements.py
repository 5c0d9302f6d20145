"""What chapter 1 states of the two phases and their difference: each formula once."""

import sympy as sp

from cl_theory.theory.estimators.symbols import (
    N_data,
    N_hidden,
    N_visible,
    answered,
    at_wall,
    dreamt,
    expected,
    feedback_bias,
    hidden,
    mean_after_sweep,
    mean_D,
    mean_given_visible,
    seen,
    slope,
    slope_clamped,
    slope_free,
    slope_of_weights,
    start,
    sweep,
    theta,
    visible,
)
from cl_theory.theory.statement import equation

_V, _H, _I, _K, _L = sp.symbols("v h i k l", integer=True)
_X, _P, _G_PLUS, _G_MINUS = map(sp.Function, ("x", "p", "g^+", "g^-"))
ENERGY = sp.Function("E")(_V, _H, theta)
"""The energy of visible state v and hidden state h: any function of both that has a derivative in theta."""
_SITE = sp.Symbol("u")
ENERGY_AT = sp.Function("E")(_SITE, theta)
"""The energy of a state u on a line, with no hidden units."""
PAIR_OF_GRADIENTS = _G_PLUS(_K), _G_MINUS(_L)
"""g+ in outcome k of the positive phase, g- in outcome l of the negative one."""


def free(term: sp.Expr) -> sp.Expr:
    """`term` summed over all states (v, h)."""
    return sp.Sum(term, (_V, 1, N_visible), (_H, 1, N_hidden))


def clamped(term: sp.Expr) -> sp.Expr:
    """`term` summed over the hidden states, with v at what data point i shows."""
    return sp.Sum(term, (_H, 1, N_hidden)).subs(_V, _X(_I))


def over_data(term: sp.Expr) -> sp.Expr:
    """Mean of `term` over the data points."""
    return sp.Sum(term, (_I, 1, N_data)) / N_data


def jointly(term: sp.Expr) -> sp.Expr:
    """Mean of `term` over outcomes k, l of both phases, whose joint probabilities p(k, l) are left open."""
    return sp.Sum(_P(_K, _L) * term, (_K, 1, N_visible), (_L, 1, N_hidden))


def at_data_point(term: sp.Expr) -> sp.Expr:
    """`term` with the state u at what data point i shows."""
    return term.subs(_SITE, _X(_I))


def within(term: sp.Expr) -> sp.Expr:
    """`term` integrated over the states from 0 to a wall at theta."""
    return sp.Integral(term, (_SITE, 0, theta))


_WEIGHT, _PUSH = sp.exp(-ENERGY), sp.diff(ENERGY, theta)
PHASE_MEANS = {
    seen: over_data(clamped(_PUSH * _WEIGHT) / clamped(_WEIGHT)),
    dreamt: free(_PUSH * _WEIGHT) / free(_WEIGHT),
}
"""Means over both phases: sums over states, weighed with e^-E."""
SLOPE_FREE = equation("slope-of-log-z", slope_free, {"the dream": -dreamt}, where=PHASE_MEANS)
SLOPE_CLAMPED = equation("slope-of-log-z-clamped", slope_clamped, {"the data": -seen}, where=PHASE_MEANS)
GRADIENT = equation("cl-gradient", slope, {"what is seen": seen, "what is dreamt": -dreamt}, where=PHASE_MEANS)
UNBIASED_TWO_TERM = equation(
    "two-term-unbiased",
    mean_D,
    {"slope of the loss": slope},
    where={slope: seen - dreamt} | dict(zip((seen, dreamt), map(jointly, PAIR_OF_GRADIENTS), strict=True)),
)
SYNAPSE = equation("rbm-synapse", slope_of_weights, {"both ends of the synapse": -hidden * visible.T})

_WEIGHT_AT, _PUSH_AT = sp.exp(-ENERGY_AT), sp.diff(ENERGY_AT, theta)
MOVING_WALL = equation(
    "moving-wall",
    slope,
    {"what is seen": seen, "what is dreamt": -dreamt, "the wall": at_wall},
    where={
        seen: over_data(at_data_point(_PUSH_AT)),
        dreamt: within(_PUSH_AT * _WEIGHT_AT) / within(_WEIGHT_AT),
        at_wall: _WEIGHT_AT.subs(_SITE, theta) / within(_WEIGHT_AT),
    },
)
DRIFTED_FEEDBACK = equation(
    "drifted-feedback", feedback_bias, {"answers as they should be": expected, "answers as they are": -answered}
)
AFTER_ONE_SWEEP = equation(
    "mean-after-one-sweep", mean_after_sweep, {"one sweep": mean_given_visible.T * sweep.T * start}
)
