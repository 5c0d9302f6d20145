"""What chapter 4 states of the variance of ISD as a function of b: how it bends, where it is least, where it falls."""

import sympy as sp

from cl_theory.theory.estimators.symbols import (
    MIDDLE,
    M_minus,
    M_plus,
    b,
    b_0,
    b_1,
    b_middle,
    b_star,
    chord_gap,
    curvature_Z,
    m_minus,
    m_plus,
    mu_minus_squared,
    mu_plus_squared,
    mu_squared,
    q,
    slope_Z,
    trace_at_best,
    trace_move,
    trace_Z,
    v_minus,
    v_plus,
)
from cl_theory.theory.statement import equation

TRACE = equation(
    "isd-variance-in-b",
    trace_Z,
    {
        "wall of the positive phase": m_plus / b,
        "wall of the negative phase": m_minus / (1 - b),
        "the mean, taken off": -mu_squared,
    },
)
_CHORD = q * (1 - q) * (b_0 - b_1) ** 2
CHORD_GAP = equation(
    "isd-variance-convex",
    chord_gap,
    {
        "positive phase": _CHORD / (b_0 * b_1 * b_middle) * M_plus,
        "negative phase": _CHORD / ((1 - b_0) * (1 - b_1) * (1 - b_middle)) * M_minus,
    },
    where=MIDDLE,
)
CURVATURE = equation(
    "isd-variance-curvature",
    curvature_Z,
    {"positive phase": 2 * m_plus / b**3, "negative phase": 2 * m_minus / (1 - b) ** 3},
)
BEST_B = equation(
    "isd-best-b", b_star, {"share of the positive root": sp.sqrt(m_plus) / (sp.sqrt(m_plus) + sp.sqrt(m_minus))}
)
LEAST = equation(
    "isd-least-variance",
    trace_at_best,
    {"both roots": (sp.sqrt(m_plus) + sp.sqrt(m_minus)) ** 2, "the mean, taken off": -mu_squared},
)
PRICE_OF_B = equation(
    "isd-optimal-b",
    trace_Z - trace_at_best,
    {"another b": ((1 - b) * sp.sqrt(m_plus) - b * sp.sqrt(m_minus)) ** 2 / (b * (1 - b))},
)
SLOPE = equation("isd-slope", slope_Z, {"positive phase": -m_plus / b**2, "negative phase": m_minus / (1 - b) ** 2})
_FALL, _RISE = (b_1 - b_0) / (b_0 * b_1), (b_1 - b_0) / ((1 - b_0) * (1 - b_1))
MOVE = equation("isd-b-direction", trace_move, {"positive phase": -_FALL * m_plus, "negative phase": _RISE * m_minus})
MOVE_IN_PARTS = equation(
    "isd-b-direction-in-parts",
    trace_move,
    {
        "variance of the positive phase": -_FALL * v_plus,
        "mean of the positive phase": -_FALL * mu_plus_squared,
        "variance of the negative phase": _RISE * v_minus,
        "mean of the negative phase": _RISE * mu_minus_squared,
    },
)
