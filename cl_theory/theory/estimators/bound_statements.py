"""What chapter 21 states: what no estimator that sees one phase an update can do better than."""

from cl_theory.theory.algebra import matrix, scalar, vector
from cl_theory.theory.estimators.symbols import (
    MEANS,
    B,
    Sigma_minus,
    Sigma_plus,
    b,
    cov_ratio,
    g_minus,
    g_plus,
    mean_inverse_N,
    mean_inverse_rest,
    mu,
    mu_minus,
    mu_plus,
    n,
    sigma_minus,
    sigma_plus,
)
from cl_theory.theory.statement import equation

Z_best = vector("Z_{c^*}", "the ISD estimate around the best baseline, from one phase")
cov_delta = matrix(r"\operatorname{Cov}\delta", "covariance of an unbiased estimator that sees one phase an update")
cov_with_best = matrix(
    r"\operatorname{Cov}(\delta, \bar Z_{c^*})", "covariance of an estimator with the mean of ISD around c*"
)
cov_rest = matrix(
    r"\operatorname{Cov}(\delta - \bar Z_{c^*})", "covariance of what an estimator adds to the mean of ISD around c*"
)
cov_least = matrix(
    r"\min_\delta \operatorname{Cov}\delta", "least covariance of all unbiased estimators that see one phase an update"
)
trace_delta = scalar(
    r"\operatorname{tr}\operatorname{Cov}\delta",
    "total variance of an unbiased estimator that sees one phase an update",
)
trace_rest = scalar(
    r"\operatorname{tr}\operatorname{Cov}(\delta - \bar Z_{c^*})",
    "total variance of what an estimator adds to the mean of ISD around c*",
)

FLOOR = {
    "noise of the positive phase": Sigma_plus / (n * b),
    "noise of the negative phase": Sigma_minus / (n * (1 - b)),
}
"""What n phases that are seen one at a time leave open."""

BEST = equation(
    "one-phase-best",
    Z_best,
    {
        "the gradient": mu,
        "noise of the positive phase": B / b * (g_plus - mu_plus),
        "noise of the negative phase": -(1 - B) / (1 - b) * (g_minus - mu_minus),
    },
    where=MEANS,
)
COMMON = equation("one-phase-common", cov_with_best, FLOOR)
BOUND = equation("one-phase-bound", cov_delta, {**FLOOR, "what it adds to centred ISD": cov_rest})
LEAST = equation("one-phase-least", cov_least, FLOOR)
NEYMAN = equation(
    "one-phase-neyman",
    trace_delta,
    {
        "both roots": (sigma_plus + sigma_minus) ** 2 / n,
        "another b": ((1 - b) * sigma_plus - b * sigma_minus) ** 2 / (n * b * (1 - b)),
        "what it adds to centred ISD": trace_rest,
    },
)
RATIO = equation(
    "one-phase-ratio",
    cov_ratio,
    {
        **FLOOR,
        "a random count of positive phases": (mean_inverse_N - 1 / (n * b)) * Sigma_plus,
        "a random count of negative phases": (mean_inverse_rest - 1 / (n * (1 - b))) * Sigma_minus,
    },
)
