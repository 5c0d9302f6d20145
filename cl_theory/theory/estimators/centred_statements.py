"""What chapter 6 states of ISD around a baseline: its mean, its variance, the best coin, and what learning it costs."""

from cl_theory.theory.estimators import isd_statements as isd
from cl_theory.theory.estimators.symbols import (
    CENTRE_SQUARED,
    KEPT_MEAN,
    MEANS,
    SETTLING,
    B,
    M_minus,
    M_plus,
    Sigma_minus,
    Sigma_plus,
    Z_c,
    Z_of_two,
    alpha,
    b,
    b_neyman,
    c,
    c_minus,
    c_plus,
    c_star,
    c_star_squared,
    cov_at_half,
    cov_D,
    cov_two,
    cov_Z_best,
    cov_Z_c,
    cov_Z_t,
    cross,
    delta_squared,
    g_minus,
    g_plus,
    half_at_neyman,
    inner_of_means,
    kept_mean,
    kept_minus,
    kept_plus,
    m_minus,
    m_plus,
    mean_miss,
    mean_Z_c,
    miss_squared,
    mu_minus,
    mu_minus_squared,
    mu_plus,
    mu_plus_squared,
    n_minus,
    n_plus,
    peeking_bias,
    price_of_each,
    price_of_means,
    price_of_pooled,
    settled,
    sigma_minus,
    sigma_plus,
    swing_squared,
    trace_at_neyman,
    trace_cross,
    trace_D,
    trace_Z_best,
    trace_Z_t,
    v_minus,
    v_plus,
    w,
)
from cl_theory.theory.statement import equation

ODDS = (1 - b) / b
GAIN = b * (1 - b)
"""What the square of a miss is divided by."""

# Mean ----------------------------------------------------------------------------------------------

LEVER = equation(
    "centred-isd-lever",
    Z_c,
    {
        "the positive phase": g_plus,
        "the negative phase": -g_minus,
        "the coin, times the mixture": (B - b) / GAIN * (isd.MIXTURE - c),
    },
)
_ONE_CONSTANT = (1 - b) * c_plus + b * c_minus
ONE_CONSTANT = equation(
    "centred-isd-one-constant",
    Z_of_two,
    {
        "the positive phase": B / b * (g_plus - _ONE_CONSTANT),
        "the negative phase": -(1 - B) / (1 - b) * (g_minus - _ONE_CONSTANT),
    },
)
UNBIASED = equation("centred-isd-unbiased", mean_Z_c, isd.UNBIASED.terms)
PEEKING = equation(
    "centred-isd-peeking",
    peeking_bias,
    {
        "mean of the positive phase": -alpha * (1 - b) / b * mu_plus,
        "mean of the negative phase": alpha * b / (1 - b) * mu_minus,
    },
)
KNOWING_COIN = equation("centred-isd-knowing-coin", mean_Z_c, isd.MEAN_OF_KNOWING_COIN.terms)

# Variance ------------------------------------------------------------------------------------------

_NOISE = {"noise of the positive phase": Sigma_plus / b, "noise of the negative phase": Sigma_minus / (1 - b)}
COVARIANCE = equation(
    "centred-isd-covariance",
    cov_Z_c,
    {**_NOISE, "a baseline that is off": (c_star - c) * (c_star - c).T / GAIN},
    where=MEANS,
)
WANDERING = equation(
    "centred-isd-wandering",
    cov_Z_c,
    {**COVARIANCE.terms, "a baseline that strays": w * w.T / GAIN},
    where=MEANS,
)
PER_UPDATE = equation(
    "centred-isd-per-update",
    cov_Z_best - cov_D,
    {
        "noise of the positive phase": ODDS * Sigma_plus,
        "noise of the negative phase": Sigma_minus / ODDS,
        "what the phases share": cross + cross.T,
    },
)
LEAST = equation("centred-isd-least", trace_at_neyman, {"both roots": (sigma_plus + sigma_minus) ** 2})
NEYMAN_B = equation(
    "centred-isd-neyman-b", b_neyman, {"share of the positive root": sigma_plus / (sigma_plus + sigma_minus)}
)
NEYMAN = equation(
    "centred-isd-neyman",
    trace_Z_best,
    {
        "both roots": (sigma_plus + sigma_minus) ** 2,
        "another b": ((1 - b) * sigma_plus - b * sigma_minus) ** 2 / GAIN,
    },
)

# Equal compute -------------------------------------------------------------------------------------

TIE = equation(
    "centred-isd-equal-compute",
    cov_at_half,
    {"noise of the positive phase": Sigma_plus, "noise of the negative phase": Sigma_minus},
)
ANY_COIN = equation(
    "centred-isd-any-coin",
    cov_two - cov_D,
    {
        "noise of the positive phase": (1 - 2 * b) / (2 * b) * Sigma_plus,
        "noise of the negative phase": -(1 - 2 * b) / (2 * (1 - b)) * Sigma_minus,
    },
)
_UNEQUAL = {"unequal noise": (sigma_plus - sigma_minus) ** 2 / 2}
NEYMAN_GAIN = equation("centred-isd-neyman-gain", trace_D - half_at_neyman, _UNEQUAL)
COUPLED_GAIN = equation(
    "centred-isd-coupled-gain",
    trace_D - half_at_neyman,
    {**_UNEQUAL, "what the phases share": -2 * trace_cross},
)

# A learned baseline --------------------------------------------------------------------------------

LEARNED = equation(
    "centred-isd-running-baseline",
    cov_Z_t,
    {**_NOISE, "what the baseline misses": mean_miss / GAIN},
    where={mean_miss: (c_star - c) * (c_star - c).T, **MEANS},
)
LEARNED_TRACE = equation(
    "centred-isd-running-trace",
    trace_Z_t,
    {
        "noise of the positive phase": v_plus / b,
        "noise of the negative phase": v_minus / (1 - b),
        "what the baseline misses": miss_squared / GAIN,
    },
)
OLD_MEANS = equation(
    "centred-isd-old-means",
    price_of_means,
    {
        "old positive samples": ODDS * v_plus / n_plus,
        "old negative samples": v_minus / ODDS / n_minus,
    },
)
ONE_EACH = equation(
    "centred-isd-one-each",
    price_of_each,
    {
        "noise of the positive phase": settled * ODDS * v_plus,
        "noise of the negative phase": settled * v_minus / ODDS,
    },
    where=SETTLING,
)
POOLED = equation(
    "centred-isd-pooled",
    price_of_pooled,
    {
        "positive phase": settled * (1 - b) / b**2 * m_plus,
        "negative phase": settled * b / (1 - b) ** 2 * m_minus,
        "the mean, taken off": -settled * c_star_squared / GAIN,
    },
    where=SETTLING | CENTRE_SQUARED,
)
_SWING = ODDS**2 * mu_plus_squared + mu_minus_squared / ODDS**2 - 2 * inner_of_means
POOLED_IS_DEARER = equation(
    "centred-isd-pooled-is-dearer",
    price_of_pooled - price_of_each,
    {
        "noise of the positive phase": settled * ODDS**2 * v_plus,
        "noise of the negative phase": settled * v_minus / ODDS**2,
        "the means, swung by the coin": settled * swing_squared,
    },
    where=SETTLING | CENTRE_SQUARED | {swing_squared: _SWING},
)
PEEKED_COVARIANCE = equation(
    "centred-isd-peeked-covariance",
    cov_Z_t,
    {
        "positive phase": kept_plus**2 / b * M_plus,
        "negative phase": kept_minus**2 / (1 - b) * M_minus,
        "the mean, taken off": -kept_mean * kept_mean.T,
    },
    where=KEPT_MEAN,
)
DRIFT = equation("centred-isd-drift", price_of_pooled, {"lag": delta_squared / (alpha**2 * GAIN)})
