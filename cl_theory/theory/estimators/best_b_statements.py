"""What chapters 4 and 24 state of b: where the variance is least and falls, and what a coin that learns it costs."""

import sympy as sp

from cl_theory.theory.algebra import scalar, vector
from cl_theory.theory.estimators.symbols import (
    MIDDLE,
    M_minus,
    M_plus,
    b,
    b_0,
    b_1,
    b_middle,
    b_neyman,
    b_star,
    chord_gap,
    curvature_Z,
    m_minus,
    m_plus,
    mean_Z_c,
    mu_minus,
    mu_minus_squared,
    mu_plus,
    mu_plus_squared,
    mu_squared,
    q,
    sigma_minus,
    sigma_plus,
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

# A coin that learns, chapter 24.
trace_adaptive = scalar(
    r"\operatorname{tr}\operatorname{Cov} Z_{b_t}", "total variance of ISD whose b was learned from earlier phases"
)
miss_b = scalar(
    r"\mathbb E\Big[\frac{(b_t - b_{\mathrm N})^2}{b_t(1-b_t)}\Big]",
    "what the learned b misses, weighted",
    positive=True,
)
miss_c = scalar(
    r"\mathbb E\Big[\frac{|c^*(b_t) - c|^2}{b_t(1-b_t)}\Big]",
    "what a constant baseline misses",
    positive=True,
)
chance = scalar("b_t", "the b that was learned from earlier phases", positive=True)
scaled_excess = scalar(
    r"\lim_{n\to\infty} n\big(\operatorname{tr}\operatorname{Cov} Z_{b_n} - (\sigma_+ + \sigma_-)^2\big)",
    "excess of the total variance at the Neyman b, times the number of phases that b was learned from",
)
spread_plus = scalar(r"\varrho_+", "variance of |g+ - mu+|^2 over the square of its mean", positive=True)
spread_minus = scalar(r"\varrho_-", "variance of |g- - mu-|^2 over the square of its mean", positive=True)
peeked_plus = vector(r"\mathbb E\big[\tfrac{b_t}{b_{t+1}} (g^+ - c)\big]", "positive part, weighed with a later b")
peeked_minus = vector(r"\mathbb E\big[\tfrac{1-b_t}{1-b_{t+1}} (g^- - c)\big]", "negative part, weighed with a later b")

_ROOTS = sigma_plus + sigma_minus
ADAPTIVE_UNBIASED = equation(
    "adaptive-b-unbiased", mean_Z_c, {"mean of the positive phase": mu_plus, "mean of the negative phase": -mu_minus}
)
ADAPTIVE = equation(
    "adaptive-b",
    trace_adaptive,
    {"both roots": _ROOTS**2, "what b misses": _ROOTS**2 * miss_b, "what the baseline misses": miss_c},
    where={
        miss_b: (chance - b_neyman) ** 2 / (chance * (1 - chance)),
        b_neyman: sigma_plus / _ROOTS,
    },
)
RUNNING = equation(
    "adaptive-b-running",
    scaled_excess,
    {
        "noise of the positive variance": _ROOTS * sigma_minus * spread_plus / 4,
        "noise of the negative variance": _ROOTS * sigma_plus * spread_minus / 4,
    },
)
PEEKED = equation(
    "adaptive-b-peeking", mean_Z_c, {"the positive phase": peeked_plus, "the negative phase": -peeked_minus}
)
ADAPTING = ADAPTIVE, ADAPTIVE_UNBIASED, RUNNING, PEEKED
"""What chapter 24 states of a coin that learns its bias."""
