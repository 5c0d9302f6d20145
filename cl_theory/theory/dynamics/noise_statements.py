"""What chapters 12 and 23 state: the noise of a phase, where ISD comes to rest, and both for pairs in any order."""

import sympy as sp

from cl_theory.theory.algebra import matrix, scalar, vector
from cl_theory.theory.chains.symbols import Sigma_inf, cov_Delta, cov_S_T, eta, g_bar, mean_Delta, mean_T, tau, var_T
from cl_theory.theory.estimators.symbols import (
    MEANS,
    PAIR,
    D,
    Sigma_minus,
    Sigma_plus,
    b,
    c,
    c_star,
    cross,
    mu,
    mu_minus,
    mu_plus,
)
from cl_theory.theory.statement import equation

ends_of_phase = matrix(r"R_{\mathrm{ends}}", "what the two ends of a phase add to the covariance of its sum, bounded")
rest_of_noise = matrix(r"R_\eta", "what learning within the phase and its two ends add to its noise: O(eta) + O(1/tau)")
growth = matrix(
    r"\lim_{n\to\infty}\big(\operatorname{Cov}S_{n+1} - \operatorname{Cov}S_n\big)",
    "by how much a step more adds to the covariance of a sum along a long frozen chain",
)
slow_noise = matrix(
    r"\lim_{\eta\to0}\operatorname{Cov}\Delta/\eta^2", "noise of a phase in the limit of slow learning, over eta^2"
)
D_plus = matrix(r"D\bar g^+", "derivative of the mean gradient of the positive phase in the parameters")
D_minus = matrix(r"D\bar g^-", "derivative of the mean gradient of the negative phase in the parameters")
D_mu = matrix(r"D\mu", "derivative of mu in the parameters")
D_centre = matrix("D_\\theta c^*", "derivative of c* in the parameters")
bend = vector(
    r"\lim_{\eta\to0}\,(\mathbb E\Delta + \eta\mu)/\eta^2",
    "coefficient of eta^2 in the mean displacement of an ISD phase",
)
rest_of_bend = vector("R_3", "what is left of the mean displacement after eta^2: O(eta^3) + O(eta/tau)")
shift = vector(r"\lim_{\eta\to0}\,(\theta_\eta - \theta_0)/\eta", "shift of the fixed point for each unit of eta")
first_order = vector(
    r"\lim_{\eta\to0}\,\mathbb E\Delta/\eta", "mean displacement of an ISD phase to first order in eta"
)
pull = scalar("x", "learning rate times the total slope: how far learning pulls back in a phase", positive=True)

BENDS = MEANS | {D_mu: D_plus - D_minus, D_centre: (1 - b) * D_plus + b * D_minus}

SUM_GROWTH = equation("aol-sum-growth", growth, {"long-run covariance": Sigma_inf})
SUM_COVARIANCE = equation(
    "aol-sum-covariance",
    cov_S_T,
    {
        "noise of the length": var_T * g_bar * g_bar.T,
        "noise of the states": mean_T * Sigma_inf,
        "the two ends": ends_of_phase,
    },
)
SLOW_NOISE = equation("aol-slow-noise", slow_noise, {"noise of the frozen sum": cov_S_T / tau**2})
PHASE_NOISE = equation(
    "aol-phase-variance",
    cov_Delta,
    {
        "noise of the length": eta**2 * var_T / tau**2 * g_bar * g_bar.T,
        "noise of the states": eta**2 / tau * Sigma_inf,
        "learning and the two ends": rest_of_noise,
    },
)
_SHARED = D_centre * (c_star - c) / (2 * b * (1 - b))
ISD_FIRST_ORDER = equation("isd-aol-first-order", first_order, {"the gradient": -mu}, where=BENDS)
ISD_BEND = equation(
    "isd-aol-fixed-point",
    bend,
    {"flow of the difference": sp.Rational(1, 2) * D_mu * mu, "bends that do not cancel": _SHARED},
    where=BENDS,
)
ISD_DISPLACEMENT = equation(
    "isd-aol-displacement",
    mean_Delta,
    {
        "the gradient step": -eta * mu,
        "flow of the difference": eta**2 / 2 * D_mu * mu,
        "bends that do not cancel": eta**2 * _SHARED,
        "higher orders": rest_of_bend,
    },
    where=BENDS,
)
ISD_SHIFT = equation("isd-aol-shift", D_mu * shift, {"bends that do not cancel": _SHARED}, where=BENDS)


# Pairs in any order, chapter 23.
g_first = vector(r"g^{\mathrm{first}}", "gradient of the phase of an image that comes first")
A_second = matrix(r"A^{\mathrm{second}}", "slope in the parameters of the gradient of the phase that comes second")
pair_step = vector(r"\Delta_{\mathrm{pair}}", "displacement by both phases of one image, an update after each")
mean_pair = vector(r"\mathbb E\Delta_{\mathrm{pair}}", "its mean over images and orders")
omega_plus = vector(r"\omega_+", "Cov(A+, g-): slope of the positive, gradient of the negative phase of one image")
omega_minus = vector(r"\omega_-", "Cov(A-, g+): slope of the negative, gradient of the positive phase of one image")
settled_noise = matrix(
    r"\lim_{\eta\to0}\big(D\mu\,V + V\,D\mu^\top\big)/\eta",
    "noise an update that pairs in a tossed order settle with, V their covariance",
)
settled_coins = matrix(
    r"\lim_{\eta\to0}\big(D\mu\,V_{\mathrm{coins}} + V_{\mathrm{coins}}\,D\mu^\top\big)/\eta",
    "noise an update that independent phases settle with",
)
pulled_back = matrix(r"\big(D\mu\,V + V\,D\mu^\top\big)", "what learning takes off the covariance of pairs an update")
rest_of_pairs = matrix("R_V", "what is left of it after eta: O(eta^2)")

_BOTH, _TOGETHER = 2 * (Sigma_plus + Sigma_minus), -2 * (cross + cross.T)
_MIXED = D_minus * (mu_plus - c) + D_plus * (mu_minus - c)

PAIR_STEP = equation(
    "paired-order-step",
    pair_step,
    {"the two-term step": -2 * eta * D, "the second sees the first": -4 * eta**2 * A_second * (g_first - c)},
    where=PAIR,
)
PAIR_MEAN = equation(
    "paired-order-mean",
    mean_pair,
    {
        "the two-term step": -2 * eta * mu,
        "the second sees the first": -2 * eta**2 * _MIXED,
        "across one image": -2 * eta**2 * (omega_plus + omega_minus),
    },
    where={mu: mu_plus - mu_minus},
)
PAIR_NOISE = equation("paired-order", settled_noise, {"both phases": _BOTH, "what they share": _TOGETHER})
COIN_NOISE = equation(
    "paired-order-coins",
    settled_coins,
    {"both phases": _BOTH, "the coin": 4 * (c_star - c) * (c_star - c).T},
)
PAIR_SHIFT = equation(
    "paired-order-shift",
    D_mu * shift,
    {
        "what both phases say": -(D_plus + D_minus) * (c_star - c),
        "across one image": -(omega_plus + omega_minus),
    },
)
FIXED_ORDER = equation(
    "paired-order-fixed",
    D_mu * shift,
    {"what the first phase says": -2 * D_minus * (c_star - c), "across one image": -2 * omega_minus},
)
PAIR_VARIANCE = equation(
    "paired-order-settled",
    pulled_back,
    {"both phases": eta * _BOTH, "what they share": eta * _TOGETHER, "higher orders": rest_of_pairs},
)
IN_PAIRS = PAIR_NOISE, PAIR_STEP, PAIR_MEAN, PAIR_SHIFT, COIN_NOISE, FIXED_ORDER, PAIR_VARIANCE
"""What chapter 23 states of pairs in a tossed order."""
