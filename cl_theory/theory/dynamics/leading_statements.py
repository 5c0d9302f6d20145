"""What chapters 10 and 24 state: the leading terms of a phase, the network that attains them, and extrapolation."""

import sympy as sp

from cl_theory.theory.algebra import matrix, scalar, vector
from cl_theory.theory.chains.symbols import (
    Q_T,
    D_g_bar,
    Gamma,
    Sigma_inf,
    T,
    eta,
    g_bar,
    kappa_2,
    kappa_3,
    lag,
    mean_cube_T,
    mean_Delta,
    mean_pairs,
    mean_S_T,
    mean_T,
    psi_end,
    psi_start,
    tau,
)
from cl_theory.theory.dynamics.noise_statements import pull
from cl_theory.theory.statement import bound, equation

first_coefficient = vector(
    r"\partial_\varepsilon\,\mathbb E\Delta\,\big|_0", "coefficient of the size of a step in the mean displacement"
)
second_coefficient = vector(
    r"\tfrac12\partial_\varepsilon^2\,\mathbb E\Delta\,\big|_0",
    "coefficient of the squared size of a step in the mean displacement",
)
two_ends = vector("E_T", "what the two ends of a phase add to Q_T, bounded")
rest = vector("R_T", "what the leading terms leave of the mean displacement")
rest_size = scalar(r"\big|R_T\big|", "length of what the leading terms leave of the mean displacement")

FIRST = equation("aol-first-coefficient", first_coefficient, {"the frozen chain": -mean_S_T})
SECOND = equation("aol-second-coefficient", second_coefficient, {"learning along the frozen chain": Q_T})
QUADRATIC = equation(
    "aol-quadratic-coefficient",
    Q_T,
    {
        "the flow": mean_pairs / 2 * D_g_bar * g_bar,
        "correlation": mean_T * Gamma,
        "memory": mean_T * D_g_bar * psi_start,
        "lag": -mean_T * lag,
        "the two ends": two_ends,
    },
)
LEADING = equation(
    "aol-leading-terms",
    mean_Delta,
    {
        "the standard step": -eta * g_bar,
        "the start": -eta / tau * (psi_start - psi_end),
        "the flow": eta**2 / 2 * mean_pairs / tau**2 * D_g_bar * g_bar,
        "correlation": eta**2 / tau * Gamma,
        "memory": eta**2 / tau * D_g_bar * psi_start,
        "lag": -(eta**2) / tau * lag,
        "the rest": rest,
    },
)
REST = bound(
    "aol-leading-rest",
    rest_size,
    {"the two ends": kappa_2 * eta**2 / tau**2, "third order": kappa_3 * eta**3 * mean_cube_T / tau**3},
)
LEADING_TERMS = LEADING, REST, FIRST, SECOND, QUADRATIC

# The AR(1) network.
decay = scalar("a", "what the AR(1) state keeps of itself in a step", nonzero=True)
gain = scalar(r"\kappa", "mean of the AR(1) state at equilibrium, for each unit of the parameter")
stiffness = scalar(r"\lambda", "slope of the gradient in the parameter", positive=True)
theta_0 = scalar(r"\theta_0", "the parameter at the start of a phase", positive=True)
state_0 = scalar("z_0", "the AR(1) state at the start of a phase")
slope = scalar(r"\Lambda_0", "slope of the AR(1) network's mean gradient, kappa + lambda")
gradient_0 = scalar(r"\bar g_0", "mean gradient of the AR(1) network at theta_0")
debt_0 = scalar(r"\psi_0", "Poisson solution of the AR(1) network at its start")
ends_0 = scalar("e_T", "what the two ends of a phase add in the AR(1) network")
ar_first = scalar(r"\partial_\varepsilon\,\mathbb E\theta_T\,\big|_0", "coefficient of the size of a step in E theta_T")
ar_second = scalar(
    r"\tfrac12\partial_\varepsilon^2\,\mathbb E\theta_T\,\big|_0", "coefficient of its square in E theta_T"
)
fixed_limit = scalar(r"\lim_{T = \tau\to\infty}\mathbb E\theta_T", "mean end of a long phase of fixed length")
geometric_limit = scalar(
    r"\lim_{T \sim \mathrm{geometric},\ \tau\to\infty}\mathbb E\theta_T", "mean end of a long phase of geometric length"
)
scaled_gap = scalar(
    r"\lim_{\tau\to\infty}\tfrac\tau\eta\big(\mathbb E\theta_\tau - \varphi_\eta(\theta_0)\big)",
    "distance of the AR(1) network from the flow, times tau over eta",
)

_SPENT = (1 - decay**T) / (1 - decay)
AUTOREGRESSION = {
    ends_0: gain * gradient_0 * _SPENT / (1 - decay)
    - slope * debt_0 * _SPENT
    - gain * debt_0 * (_SPENT - T * decay ** (T - 1)),
    debt_0: (state_0 - gain * theta_0) / (1 - decay),
    gradient_0: slope * theta_0,
    slope: gain + stiffness,
}
"""Lambda_0, the mean gradient, the Poisson solution at the start, and what the two ends add."""

AR_FIRST = equation(
    "aol-tight-first",
    ar_first,
    {"the standard step": -T * gradient_0, "the start": -debt_0 * (1 - decay**T)},
    where=AUTOREGRESSION,
)
AR_SECOND = equation(
    "aol-tight",
    ar_second,
    {
        "the flow": T * (T - 1) / 2 * slope * gradient_0,
        "memory": T * slope * debt_0,
        "lag": -T * gain * gradient_0 / (1 - decay),
        "the two ends": ends_0,
    },
    where=AUTOREGRESSION,
)
FIXED_LIMIT = equation("aol-tight-fixed", fixed_limit, {"the flow": theta_0 * sp.exp(-pull)})
GEOMETRIC_LIMIT = equation("aol-tight-geometric", geometric_limit, {"a random time": theta_0 / (1 + pull)})
GAP = equation(
    "aol-tight-gap",
    scaled_gap,
    {
        "the start": -sp.exp(-pull) * debt_0,
        "lag": -sp.exp(-pull) * pull * gain * theta_0 / (1 - decay),
        "steps of finite size": -sp.exp(-pull) * pull * slope * theta_0 / 2,
    },
    where=AUTOREGRESSION,
)
ATTAINED = AR_SECOND, AR_FIRST, FIXED_LIMIT, GEOMETRIC_LIMIT, GAP
"""What the chapter states of the leading terms, and of the network that attains their orders."""

# Two lengths, chapter 24.
extra_first = vector(
    r"\partial_\eta\,\mathbb E[2\Delta_{2\tau} - \Delta_\tau]\,\big|_0",
    "coefficient of eta in the mean extrapolated displacement",
)
extra_second = vector(
    r"\tfrac12\partial_\eta^2\,\mathbb E[2\Delta_{2\tau} - \Delta_\tau]\,\big|_0",
    "coefficient of eta^2 in the mean extrapolated displacement",
)
psi_tau = vector(r"P^\tau\psi(z_0)", "what is left of the start after tau steps")
psi_2tau = vector(r"P^{2\tau}\psi(z_0)", "what is left of the start after 2 tau steps")
ends_tau = vector(r"E_\tau", "what the two ends of a phase of tau steps add to Q, bounded")
ends_2tau = vector(r"E_{2\tau}", "what the two ends of a phase of 2 tau steps add to Q, bounded")
extra_limit = scalar(
    r"\lim_{\tau\to\infty}\tau^2\big(\mathbb E[2\theta_{2\tau} - \theta_\tau] - \varphi_\eta(\theta_0)\big)",
    "distance of the extrapolated AR(1) network from the flow, times tau^2",
)
slower = scalar("A_\\eta", "eta^2 part of the pace of the AR(1) network, over tau")
slower_still = scalar("B_\\eta", "eta^3 part of the pace of the AR(1) network, over tau^2")
start_second = scalar("w_2", "second-order part of the slow mode at the start of the AR(1) network")
extra_noise = matrix(
    r"\lim_{\eta\to0,\,\tau\to\infty}\tfrac{\tau}{\eta^2}\operatorname{Cov}[2\Delta_{2\tau} - \Delta_\tau]",
    "noise of two independent learners extrapolated, times tau over eta^2",
)
drawn_noise = matrix(
    r"\tfrac{\tau}{\eta^2}\operatorname{Cov}[2\Delta_{2\tau} - \Delta_\tau]", "the same at a finite rate and length"
)
rest_of_noise_2 = matrix("R_2", "what is left of it at a finite rate and length: O(eta) + O(1/tau)")
bias_1 = scalar("r_1", "first-order bias of a phase: the bias of a phase of tau steps is r_1/tau", positive=True)
bias_2 = scalar("r_2", "second-order bias: that of the extrapolated phase is r_2/tau^2", positive=True)
noise_of_phase = scalar("s^2", "variance of a phase that its length does not change", positive=True)
n_steps = scalar("N_{\\mathrm{st}}", "steps that there are for all phases together", positive=True)
best_tau = scalar(r"\tau^*", "best length of a phase without extrapolation", positive=True)
best_tau_2 = scalar(r"\tau^{**}", "best length of the shorter phase with extrapolation", positive=True)
best_share = scalar(r"w^*", "best share of the steps for the longer phases", positive=True)
least_error = scalar(r"\mathcal E^*", "least mean square error without extrapolation", positive=True)
least_error_2 = scalar(r"\mathcal E^{**}", "least mean square error with extrapolation", positive=True)

EXTRA_FIRST = equation(
    "aol-extrapolation-first",
    extra_first,
    {"the standard step": -g_bar, "the start, not yet forgotten": -(psi_tau - psi_2tau) / tau},
)
EXTRA_SECOND = equation(
    "aol-extrapolation",
    extra_second,
    {
        "the flow": sp.Rational(1, 2) * D_g_bar * g_bar,
        "ends of the longer phase": ends_2tau / (2 * tau**2),
        "ends of the shorter phase": -ends_tau / tau**2,
    },
)
_LEFT = -sp.exp(-pull) / 2
EXTRA_LIMIT = equation(
    "aol-extrapolation-limit",
    extra_limit,
    {
        "the pace": _LEFT * theta_0 * (slower**2 / 2 + slower_still),
        "the start, at that pace": _LEFT * eta * debt_0 * slower,
        "the slow mode at the start": _LEFT * eta**2 * start_second,
    },
    where={
        slower: eta**2 * (slope**2 / 2 + gain * slope / (1 - decay)),
        slower_still: -(eta**3)
        * slope
        * (slope**2 / 3 + gain * slope / (1 - decay) + gain * (gain + slope) / (1 - decay) ** 2),
        start_second: gain * slope * theta_0 / (1 - decay) ** 2 - (gain + slope) * debt_0 / (1 - decay),
        debt_0: AUTOREGRESSION[debt_0],
        slope: gain + stiffness,
    },
)
EXTRA_NOISE = equation(
    "aol-extrapolation-noise", extra_noise, {"the longer phase": 2 * Sigma_inf, "the shorter phase": Sigma_inf}
)
EXTRA_DRAWN = equation(
    "aol-extrapolation-drawn",
    drawn_noise,
    {"the longer phase": 2 * Sigma_inf, "the shorter phase": Sigma_inf, "higher orders": rest_of_noise_2},
)
_SPLIT = (1 + 2 * sp.sqrt(2)) ** 2 * noise_of_phase / n_steps
BEST_TAU = equation(
    "aol-extrapolation-plain-length",
    best_tau,
    {"bias against noise": (2 * bias_1**2 * n_steps / noise_of_phase) ** sp.Rational(1, 3)},
)
LEAST_ERROR = equation(
    "aol-extrapolation-plain-error",
    least_error,
    {"bias and noise": 3 * (bias_1 * noise_of_phase / (2 * n_steps)) ** sp.Rational(2, 3)},
)
BEST_SHARE = equation("aol-extrapolation-share", best_share, {"longer phases": 2 * sp.sqrt(2) / (1 + 2 * sp.sqrt(2))})
BEST_TAU_2 = equation(
    "aol-extrapolation-length", best_tau_2, {"bias against noise": (4 * bias_2**2 / _SPLIT) ** sp.Rational(1, 5)}
)
LEAST_ERROR_2 = equation(
    "aol-extrapolation-error",
    least_error_2,
    {"bias and noise": 5 * bias_2 ** sp.Rational(2, 5) * (_SPLIT / 4) ** sp.Rational(4, 5)},
)
EXTRAPOLATING = (
    EXTRA_SECOND, EXTRA_FIRST, EXTRA_LIMIT, EXTRA_NOISE, EXTRA_DRAWN, BEST_TAU, LEAST_ERROR, BEST_SHARE, BEST_TAU_2,
    LEAST_ERROR_2,
)  # fmt: skip
"""What chapter 24 states of two always-on learners, extrapolated."""
