"""What chapter 10 states: the leading terms of a phase, and the AR(1) network in which their orders are attained."""

import sympy as sp

from cl_theory.theory.algebra import scalar, vector
from cl_theory.theory.chains.symbols import (
    Q_T,
    D_g_bar,
    Gamma,
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
