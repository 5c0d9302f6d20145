"""What chapter 5 states: two phases of ISD against one two-term step, and batches of phases in a designed order."""

import sympy as sp

from cl_theory.theory.estimators.isd_statements import UNBIASED
from cl_theory.theory.estimators.symbols import (
    MEAN_LENGTHS,
    MEANS,
    N,
    Sigma_minus,
    Sigma_plus,
    b,
    c_star,
    cov_batch,
    cov_D,
    cov_ratio,
    cross,
    fraction,
    m_minus,
    m_plus,
    mean_batch,
    mean_given_N,
    mean_inverse_N,
    mean_inverse_rest,
    mu,
    mu_minus,
    mu_plus,
    n,
    sum_squared,
    trace_batch_best,
    trace_cross,
    trace_D,
    var_N,
)
from cl_theory.theory.statement import bound, equation

TWO_TERM = equation(
    "two-term-covariance",
    cov_D,
    {
        "noise of the positive phase": Sigma_plus,
        "noise of the negative phase": Sigma_minus,
        "coupling": -(cross + cross.T),
    },
)
_SUM = {"sum of both means": (mu_plus + mu_minus) * (mu_plus + mu_minus).T / 2}
GAP_AT_HALF = equation("isd-equal-compute", cov_batch - cov_D, _SUM)
GAP_COUPLED = equation("isd-equal-compute-coupled", cov_batch - cov_D, _SUM | {"coupling": cross + cross.T})
_TRACES = {
    "sum of both means": sum_squared / 2,
    "unequal second moments": -((sp.sqrt(m_plus) - sp.sqrt(m_minus)) ** 2) / 2,
}
GAP_AT_BEST = equation("isd-equal-compute-at-best", trace_batch_best - trace_D, _TRACES, where=MEAN_LENGTHS)
GAP_AT_BEST_COUPLED = equation(
    "isd-equal-compute-at-best-coupled",
    trace_batch_best - trace_D,
    _TRACES | {"coupling": 2 * trace_cross},
    where=MEAN_LENGTHS,
)
BATCH_MEAN = equation("isd-batch-mean", mean_batch, UNBIASED.terms)
MEAN_GIVEN_COUNT = equation(
    "isd-batch-mean-given-count",
    mean_given_N,
    {"the gradient": mu, "a count that is off": (N - n * b) / (n * b * (1 - b)) * c_star},
    where=MEANS,
)
BATCH = equation(
    "isd-batch-design",
    cov_batch,
    {
        "noise of the positive phase": Sigma_plus / (n * b),
        "noise of the negative phase": Sigma_minus / (n * (1 - b)),
        "noise of counting": var_N / (n * b * (1 - b)) ** 2 * c_star * c_star.T,
    },
    where=MEANS,
)
COINS = equation("isd-count-of-coins", var_N, {"n coins": n * b * (1 - b)})
ROUNDED = equation("isd-rounded-count", var_N, {"one phase more or less": fraction * (1 - fraction)})
LEAST_COUNT = bound("isd-least-count", var_N, {"one phase more or less": fraction * (1 - fraction)}, relation=">=")
ROUNDED_BOUND = bound("isd-rounded-bound", var_N, {"a quarter": sp.Rational(1, 4)})
RATIO = equation(
    "isd-ratio-covariance",
    cov_ratio,
    {
        "noise of the positive phase": mean_inverse_N * Sigma_plus,
        "noise of the negative phase": mean_inverse_rest * Sigma_minus,
    },
)
