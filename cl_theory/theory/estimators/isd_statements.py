"""What chapters 2 and 3 state of ISD: each formula once, printed, proved and checked from here."""

import sympy as sp

from cl_theory.theory.estimators.symbols import (
    CENTRE_SQUARED,
    COIN_WITH_MIXTURE,
    MEANS,
    PAIR,
    B,
    D,
    M_minus,
    M_plus,
    Sigma_minus,
    Sigma_plus,
    Z,
    b,
    b_believed,
    c_star,
    c_star_squared,
    cov_coin_h,
    cov_D,
    cov_Z,
    g_minus,
    g_plus,
    h,
    h_can_be_other,
    inner_mean,
    m_minus,
    m_plus,
    mean_h_squared,
    mean_hh,
    mean_Z,
    mean_Z_given_pair,
    mu,
    mu_minus,
    mu_plus,
    price_is_positive,
    trace_D,
    trace_Z,
    v_minus,
    v_plus,
)
from cl_theory.theory.statement import bound, equation

ISD = equation(
    "isd-estimate", Z, {"a positive phase": B / b * g_plus, "a negative phase": -(1 - B) / (1 - b) * g_minus}
)
ONE_LINE = equation(
    "isd-one-line",
    Z,
    {"both phases of the pair": D, "what the coin adds": (B - b) / (b * (1 - b)) * h},
    where=PAIR,
)
UNBIASED_GIVEN_PAIR = equation(
    "isd-unbiased-given-pair", mean_Z_given_pair, {"the positive phase": g_plus, "the negative phase": -g_minus}
)
UNBIASED = equation(
    "isd-unbiased",
    mean_Z,
    {"mean of the positive phase": mu_plus, "mean of the negative phase": -mu_minus},
)
MEAN_OF_KNOWING_COIN = equation(
    "isd-mean-of-knowing-coin",
    mean_Z,
    {**UNBIASED.terms, "what the coin knows": cov_coin_h / (b * (1 - b))},
    where=COIN_WITH_MIXTURE,
)
MEAN_AT_OTHER_WEIGHTS = equation(
    "isd-mean-at-other-weights",
    mean_Z,
    {
        **UNBIASED.terms,
        "what the phases share": (b - b_believed)
        / (b_believed * (1 - b_believed))
        * ((1 - b_believed) * mu_plus + b_believed * mu_minus),
    },
)
COVARIANCE_BY_SECOND_MOMENTS = equation(
    "isd-covariance-by-second-moments",
    cov_Z,
    {
        "second moment of the positive phase": M_plus / b,
        "second moment of the negative phase": M_minus / (1 - b),
        "the mean, taken off": -mu * mu.T,
    },
    where=MEANS,
)
COVARIANCE = equation(
    "isd-covariance",
    cov_Z,
    {
        "noise of the positive phase": Sigma_plus / b,
        "noise of the negative phase": Sigma_minus / (1 - b),
        "what the phases share": c_star * c_star.T / (b * (1 - b)),
    },
    where=MEANS,
)
MIXTURE = (1 - b) * g_plus + b * g_minus
"""h, of one pair."""
PRICE = equation(
    "isd-excess-variance",
    cov_Z - cov_D,
    {"the mixture's second moment": mean_hh / (b * (1 - b))},
    where={mean_hh: MIXTURE * MIXTURE.T},
)
PRICE_TRACE = equation(
    "isd-excess-trace", trace_Z - trace_D, {"the mixture's mean square": mean_h_squared / (b * (1 - b))}
)
STRICTNESS = equation("isd-strictness", price_is_positive, {"the mixture is other than 0 at times": h_can_be_other})
HEBBIAN_PRICE = bound(
    "isd-excess-hebbian",
    trace_Z - trace_D,
    {
        "positive phase": (1 - b) / b * m_plus,
        "negative phase": b / (1 - b) * m_minus,
    },
    relation=">=",
)
PRICE_INDEPENDENT = equation(
    "isd-excess-independent",
    trace_Z - trace_D,
    {
        "noise of the positive phase": (1 - b) / b * v_plus,
        "noise of the negative phase": b / (1 - b) * v_minus,
        "what the phases share": c_star_squared / (b * (1 - b)),
    },
    where=CENTRE_SQUARED,
)
LOWEST_PRICE = equation(
    "isd-lowest-price",
    trace_Z - trace_D,
    {
        "geometric mean of the second moments": 2 * sp.sqrt(m_plus) * sp.sqrt(m_minus),
        "what the phases have in common": 2 * inner_mean,
        "another b": ((1 - b) * sp.sqrt(m_plus) - b * sp.sqrt(m_minus)) ** 2 / (b * (1 - b)),
    },
)
