"""The symbols of Part I, and what they are for given moments of the two phases' gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.arguments import probability_inside
from cl_theory.theory.algebra import DIMENSION, matrix, scalar, vector
from cl_theory.theory.arithmetic import number_like, square_root
from cl_theory.theory.estimators.laws import PhaseMoments

b = scalar("b", "probability of a positive phase", positive=True)
B = scalar("B", "the coin: 1 for a positive phase, 0 for a negative one")
g_plus = vector("g^+", "gradient of a positive phase")
g_minus = vector("g^-", "gradient of a negative phase")
mu_plus = vector(r"\mu_+", "mean gradient of the positive phase")
mu_minus = vector(r"\mu_-", "mean gradient of the negative phase")
mu = vector(r"\mu", "mean of the difference of both, the gradient of the loss")
Sigma_plus = matrix(r"\Sigma_+", "covariance of the gradient in the positive phase")
Sigma_minus = matrix(r"\Sigma_-", "covariance of the gradient in the negative phase")
M_plus = matrix("M_+", "second moment about 0 of the gradient in the positive phase")
M_minus = matrix("M_-", "second moment about 0 of the gradient in the negative phase")
cross = matrix("C", "cross-covariance of the two phases' gradients, 0 if they are independent")
m_plus = scalar("m_+", "mean square length of the gradient in the positive phase", positive=True)
m_minus = scalar("m_-", "mean square length of the gradient in the negative phase", positive=True)
v_plus = scalar("v_+", "variance, trace of the covariance, in the positive phase", positive=True)
v_minus = scalar("v_-", "variance, trace of the covariance, in the negative phase", positive=True)
sigma_plus = scalar(r"\sigma_+", "root of the variance in the positive phase", positive=True)
sigma_minus = scalar(r"\sigma_-", "root of the variance in the negative phase", positive=True)
mu_squared = scalar(r"|\mu|^2", "square length of the mean gradient", positive=True)
c = vector("c", "a baseline, taken off every gradient")
c_star = vector("c^*", "mean of the mixture h, and the best baseline")
c_star_squared = scalar(r"|c^*|^2", "square length of the mean of h", positive=True)
trace_cross = scalar(r"\operatorname{tr} C", "trace of the cross-covariance")

mean_Z = vector(r"\mathbb E Z", "mean of the ISD estimate")
mean_Z_given_pair = vector(r"\mathbb E[Z \mid g^+, g^-]", "mean of the ISD estimate over the coin alone")
cov_Z = matrix(r"\operatorname{Cov} Z", "covariance of the ISD estimate")
cov_D = matrix(r"\operatorname{Cov} D", "covariance of the two-term estimate")
trace_Z = scalar(r"\operatorname{tr}\operatorname{Cov} Z", "total variance of the ISD estimate")
trace_D = scalar(r"\operatorname{tr}\operatorname{Cov} D", "total variance of the two-term estimate")
mean_hh = matrix(r"\mathbb E[h h^\top]", "second moment of the mixture h of the two gradients")
mean_h_squared = scalar(r"\mathbb E\,|h|^2", "mean square length of the mixture h", positive=True)
cov_of_parts = matrix(
    r"\operatorname{Cov}\big(D + \tfrac{B - b}{b(1-b)} h\big)", "covariance of D plus the coin's noise"
)
inner_mean = scalar(r"\mathbb E\langle g^+, g^-\rangle", "mean inner product of the two phases' gradients")
mu_plus_squared = scalar(r"|\mu_+|^2", "square length of the positive phase's mean gradient", positive=True)
mu_minus_squared = scalar(r"|\mu_-|^2", "square length of the negative phase's mean gradient", positive=True)
inner_of_means = scalar(r"\langle\mu_+, \mu_-\rangle", "inner product of the two mean gradients")
price_is_positive = scalar(
    r"[\operatorname{tr}\operatorname{Cov} Z > \operatorname{tr}\operatorname{Cov} D]",
    "1 if ISD costs variance, else 0",
)
h_can_be_other = scalar(r"[P(h \neq 0) > 0]", "1 if the mixture h is not 0 almost surely, else 0")

CENTRE = {c_star: (1 - b) * mu_plus + b * mu_minus}
"""c* = (1-b) mu+ + b mu-."""
MEANS = CENTRE | {mu: mu_plus - mu_minus}
SECOND_MOMENTS = {
    M_plus: Sigma_plus + mu_plus * mu_plus.T,
    M_minus: Sigma_minus + mu_minus * mu_minus.T,
}
"""M = Sigma + mu mu' in each phase."""


def phase_values(moments: PhaseMoments, p_positive: Any) -> dict[sp.Expr, Callable[[], Any]]:
    """What the symbols are for these `moments` and this b, in their arithmetic: for a `System`, or to evaluate."""
    chance = number_like(probability_inside(p_positive), moments.mean_positive)

    def centre() -> np.ndarray:
        return (1 - chance) * moments.mean_positive + chance * moments.mean_negative

    return {
        b: lambda: chance,
        mu_plus: lambda: moments.mean_positive,
        mu_minus: lambda: moments.mean_negative,
        mu: lambda: moments.mean,
        Sigma_plus: lambda: moments.covariance_positive,
        Sigma_minus: lambda: moments.covariance_negative,
        M_plus: lambda: moments.second_positive,
        M_minus: lambda: moments.second_negative,
        cross: lambda: moments.cross_covariance,
        m_plus: lambda: moments.m_positive,
        m_minus: lambda: moments.m_negative,
        v_plus: lambda: moments.v_positive,
        v_minus: lambda: moments.v_negative,
        sigma_plus: lambda: square_root(moments.v_positive),
        sigma_minus: lambda: square_root(moments.v_negative),
        mu_squared: lambda: moments.mean @ moments.mean,
        c_star: centre,
        c_star_squared: lambda: centre() @ centre(),
        trace_cross: lambda: np.trace(moments.cross_covariance),
        inner_mean: lambda: np.trace(moments.cross),
        mu_plus_squared: lambda: moments.mean_positive @ moments.mean_positive,
        mu_minus_squared: lambda: moments.mean_negative @ moments.mean_negative,
        inner_of_means: lambda: moments.mean_positive @ moments.mean_negative,
    }


# The best b, chapter 4 -----------------------------------------------------------------------------

q = scalar("q", "share of the first end of a chord", positive=True)
b_0 = scalar("b_0", "b at the first end of a chord", positive=True)
b_1 = scalar("b_1", "b at the second end of a chord", positive=True)
b_middle = scalar(r"\bar b", "b between the ends of a chord", positive=True)
chord_gap = matrix(
    r"q \operatorname{Cov} Z(b_0) + (1-q) \operatorname{Cov} Z(b_1) - \operatorname{Cov} Z(\bar b)",
    "how far a chord of the covariance lies above it",
)
trace_move = scalar(
    r"\operatorname{tr}\operatorname{Cov} Z(b_1) - \operatorname{tr}\operatorname{Cov} Z(b_0)",
    "what a move of b from b_0 to b_1 adds to the total variance of ISD",
)
curvature_Z = scalar(r"f''(b)", "curvature in b of the total variance of ISD")
slope_Z = scalar(r"f'(b)", "slope in b of the total variance of ISD")
b_star = scalar("b^*", "the b of least total variance", positive=True)
trace_at_best = scalar(r"\operatorname{tr}\operatorname{Cov} Z(b^*)", "total variance of ISD at the best b")

MIDDLE = {b_middle: q * b_0 + (1 - q) * b_1}
"""The b that divides the chord from b_0 to b_1 as 1 - q : q."""
SQUARE_LENGTHS = {m_plus: v_plus + mu_plus_squared, m_minus: v_minus + mu_minus_squared}
"""m = v + |mu|^2 in each phase."""

# Equal compute and designs, chapter 5 --------------------------------------------------------------

n = scalar("n", "number of phases in a batch", positive=True)
N = scalar("N", "how many phases of a batch are positive")
var_N = scalar(r"\operatorname{Var}(N)", "variance of the number of positive phases in a batch")
fraction = scalar(r"\{nb\}", "fractional part of n b", positive=True)
mean_batch = vector(r"\mathbb E \bar Z", "mean of ISD averaged over a batch of phases")
mean_given_N = vector(r"\mathbb E[\bar Z \mid N]", "mean of ISD over a batch whose count is known")
cov_batch = matrix(r"\operatorname{Cov} \bar Z", "covariance of ISD averaged over a batch of phases")
trace_batch_best = scalar(
    r"\operatorname{tr}\operatorname{Cov} \bar Z(b^*)", "total variance of ISD averaged over a batch at the best b"
)
sum_squared = scalar(r"|\mu_+ + \mu_-|^2", "square length of the sum of both mean gradients", positive=True)
mean_inverse_N = scalar(r"\mathbb E[\tfrac{1}{N}]", "mean inverse count of positive phases, if both signs came")
mean_inverse_rest = scalar(r"\mathbb E[\tfrac{1}{n-N}]", "mean inverse count of negative phases, if both signs came")
cov_ratio = matrix(r"\operatorname{Cov}(\bar g^+ - \bar g^-)", "covariance of the difference of both phase means")

MEAN_LENGTHS = {
    sum_squared: mu_plus_squared + mu_minus_squared + 2 * inner_of_means,
    mu_squared: mu_plus_squared + mu_minus_squared - 2 * inner_of_means,
}
"""Square lengths of mu+ + mu- and of mu = mu+ - mu-."""
CENTRE_SQUARED = {
    c_star_squared: (1 - b) ** 2 * mu_plus_squared + b**2 * mu_minus_squared + 2 * b * (1 - b) * inner_of_means
}
"""Square length of c*."""


# One phase at a time, chapter 2 --------------------------------------------------------------------

Z = vector("Z", "the ISD estimate, from one phase")
D = vector("D", "the two-term estimate, from both phases of a pair")
h = vector("h", "mixture of the two gradients of a pair, which the coin multiplies")
cov_coin_plus = vector(r"\operatorname{Cov}(B, g^+)", "covariance of the coin with the positive phase's gradient")
cov_coin_minus = vector(r"\operatorname{Cov}(B, g^-)", "covariance of the coin with the negative phase's gradient")
cov_coin_h = vector(r"\operatorname{Cov}(B, h)", "covariance of the coin with the mixture h")
b_believed = scalar("b'", "the b that the weights of ISD believe in", positive=True)

PAIR = {D: g_plus - g_minus, h: (1 - b) * g_plus + b * g_minus}
"""D and h of one pair of gradients."""
COIN_WITH_MIXTURE = {cov_coin_h: (1 - b) * cov_coin_plus + b * cov_coin_minus}
"""Cov(B, h), from the covariances with both phases."""


# Two phases, chapter 1 -----------------------------------------------------------------------------

theta = scalar(r"\theta", "one parameter of the energy")
N_visible = scalar("N_v", "number of visible states", integer=True, positive=True)
N_hidden = scalar("N_h", "number of hidden states", integer=True, positive=True)
N_data = scalar("N_d", "number of data points", integer=True, positive=True)
slope = scalar(r"\partial_\theta L", "slope of the loss in one parameter, or in each of several")
slope_free = scalar(r"\partial_\theta \log Z_\theta", "slope of the logarithm of the sum over all states")
slope_clamped = scalar(
    r"\tfrac1n \sum_i \partial_\theta \log Z_\theta(v_i)",
    "mean slope of the logarithm of the sum over the hidden states, with a data point clamped",
)
seen = scalar(r"\mathbb E_+\big[\partial_\theta E\big]", "mean slope of the energy in the positive phase")
dreamt = scalar(r"\mathbb E_-\big[\partial_\theta E\big]", "mean slope of the energy in the negative phase")
mean_D = scalar(r"\mathbb E D", "mean of the two-term estimate, in one parameter or in each of several")
at_wall = scalar(r"\frac{e^{-E_\theta(\theta)}}{Z_\theta}", "density of the model at a wall that moves with theta")
seen_beside = scalar(r"\mathbb E_+\big[\partial_{\theta\pm} E\big]", "mean one-sided slopes in the positive phase")
dreamt_beside = scalar(r"\mathbb E_-\big[\partial_{\theta\pm} E\big]", "mean one-sided slopes in the negative phase")
bias_of_feedback = scalar(r"\beta", "what drifted feedback adds to the mean of the two-term estimate, all parameters")
dreamt_after_sweep = scalar(
    r"\mathbb E_1\big[\partial_\theta E\big]", "mean slope of the energy one sweep from the data"
)

n_hidden, n_visible = sp.symbols("n_h n_v", integer=True, positive=True)
hidden = matrix("h", "states of the hidden units", (n_hidden, 1))
visible = matrix("v", "states of the visible units", (n_visible, 1))
weights = matrix("W", "weights, hidden by visible", (n_hidden, n_visible))
slope_of_weights = matrix(r"\partial_W E", "slopes of the energy in the weights", (n_hidden, n_visible))
_WITH_BIAS = (n_hidden, n_visible + 1)
feedback_bias = matrix(
    r"\mathbb E D_{W,c} - \partial_{W,c} L", "bias of the two-term estimate in weights and hidden biases", _WITH_BIAS
)
answered = matrix(
    r"\mathbb E_{\rm data}\big[q(v)\,(v^\top, 1)\big]", "data with the answers of the units as they are", _WITH_BIAS
)
expected = matrix(
    r"\mathbb E_{\rm data}\big[p(v)\,(v^\top, 1)\big]", "data with the answers that the energy asks for", _WITH_BIAS
)
start = matrix(r"\hat p", "shares of the visible states in the data", (N_visible, 1))
sweep = matrix("P", "chances of visible states after one sweep, a row a start", (N_visible, N_visible))
mean_given_visible = matrix(
    r"\bar g", "mean slopes of the energy given the visible state, a row a state", (N_visible, DIMENSION)
)
mean_after_sweep = vector(r"\mathbb E_1\big[\partial E\big]", "mean slopes of the energy one sweep from the data")


# Around a baseline, chapter 6 ----------------------------------------------------------------------

alpha = scalar(r"\alpha", "rate of a running mean", positive=True)
c_plus = vector("c_+", "a baseline for positive phases only")
c_minus = vector("c_-", "a baseline for negative phases only")
w = vector("w", "how far a baseline strays to either side")
Z_c = vector("Z_c", "the ISD estimate around the baseline c, from one phase")
Z_of_two = vector("Z_{c_+, c_-}", "the ISD estimate with a baseline for each phase, both put back")
mean_Z_c = vector(r"\mathbb E[Z_c \mid \text{past}]", "mean of centred ISD, whatever came before")
peeking_bias = vector(r"\mathbb E Z_{\hat c} - \mu", "bias of centred ISD around a mean that holds the current draw")
cov_Z_c = matrix(r"\operatorname{Cov} Z_c", "covariance of ISD around the baseline c")
cov_Z_best = matrix(r"\operatorname{Cov} Z_{c^*}", "covariance of ISD around the best baseline")
cov_Z_t = matrix(r"\operatorname{Cov} Z_t", "covariance of ISD around a baseline that was learned from earlier phases")
cov_at_half = matrix(
    r"\tfrac12 \operatorname{Cov} Z_{c^*}\big|_{b = 1/2}", "covariance of two averaged phases of ISD at c* and b = 1/2"
)
trace_Z_best = scalar(r"\operatorname{tr}\operatorname{Cov} Z_{c^*}", "total variance of ISD around the best baseline")
trace_Z_t = scalar(r"\operatorname{tr}\operatorname{Cov} Z_t", "total variance of ISD around a learned baseline")
b_neyman = scalar(r"b_{\mathrm N}", "the b of least total variance around the best baseline", positive=True)
trace_at_neyman = scalar(
    r"\operatorname{tr}\operatorname{Cov} Z_{c^*}\big|_{b_{\mathrm N}}", "total variance of ISD at c* and the Neyman b"
)
half_at_neyman = scalar(
    r"\tfrac12 \operatorname{tr}\operatorname{Cov} Z_{c^*}\big|_{b_{\mathrm N}}",
    "total variance of two averaged phases of ISD at c* and the Neyman b",
)
cov_two = matrix(
    r"\tfrac12 \operatorname{Cov} Z_{c^*}", "covariance of two averaged phases of ISD around the best baseline"
)
settled = scalar(r"\lambda_\alpha", "variance of a settled running mean, for that of what it averages", positive=True)
kept_plus = scalar(r"\kappa_+", "what a peeking pooled mean leaves of a positive phase")
kept_mean = vector(r"\bar\mu", "mean of ISD around a pooled mean that peeks from its first draw on")
kept_minus = scalar(r"\kappa_-", "what a peeking pooled mean leaves of a negative phase")
mean_miss = matrix(
    r"\mathbb E[(c^* - \hat c)(c^* - \hat c)^\top]", "second moment of what a learned baseline misses the best one by"
)
miss_squared = scalar(r"\mathbb E\,|c^* - \hat c|^2", "mean square miss of a learned baseline", positive=True)
n_plus = scalar("n_+", "number of old samples of the positive phase", positive=True)
n_minus = scalar("n_-", "number of old samples of the negative phase", positive=True)
price_of_means = scalar(r"L_{\text{old means}}", "what a baseline from means of old samples adds to the total variance")
price_of_each = scalar(
    r"L_{\text{one each}}", "what a baseline from a settled running mean in each phase adds to the total variance"
)
price_of_pooled = scalar(
    r"L_{\text{pooled}}", "what a baseline from one settled running mean of both phases adds to the total variance"
)
swing_squared = scalar(
    r"\big|\tfrac{1-b}{b}\mu_+ - \tfrac{b}{1-b}\mu_-\big|^2", "square of what the coin swings a pooled mean by"
)
delta_squared = scalar(r"|\delta|^2", "square length of the way that c* moves in one phase", positive=True)

SETTLING = {settled: alpha / (2 - alpha)}
"""What is left of the variance of X in a settled running mean of X."""
KEPT = {kept_plus: 1 - alpha * (1 - b) / b, kept_minus: 1 - alpha * b / (1 - b)}
"""kappa, of either phase."""
KEPT_MEAN = KEPT | {kept_mean: kept_plus * mu_plus - kept_minus * mu_minus}
