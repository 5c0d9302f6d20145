"""What chapter 12 states: the noise of a phase, and where ISD comes to rest when learning never stops."""

import sympy as sp

from cl_theory.theory.algebra import matrix, scalar, vector
from cl_theory.theory.chains.symbols import Sigma_inf, cov_Delta, cov_S_T, eta, g_bar, mean_Delta, mean_T, tau, var_T
from cl_theory.theory.estimators.symbols import MEANS, b, c, c_star, mu
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
