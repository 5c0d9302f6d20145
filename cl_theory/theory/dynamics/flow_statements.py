"""What chapter 11 states: always-on learning follows the gradient flow, and lags behind its own parameters."""

import sympy as sp

from cl_theory.theory.algebra import scalar, vector
from cl_theory.theory.chains.symbols import (
    C,
    D_g_bar,
    Gamma,
    L_bar_2,
    Lambda,
    Lambda_1,
    M,
    Psi,
    Psi_1,
    current_bias,
    eta,
    flow_gap,
    g_bar,
    lag,
    mean_Delta,
    rho,
    t,
    tau,
)
from cl_theory.theory.statement import bound, equation

small_steps = vector(r"\Delta_{\mathrm{Euler}}", "displacement by tau Euler steps of eta/tau along the mean gradient")
long_phases = vector(r"\lim_{\tau\to\infty}\mathbb E\Delta", "mean displacement in the limit of long phases")
flowed = vector(r"\varphi_\eta(\theta_0) - \theta_0", "displacement by the gradient flow in a time eta")
stays = vector(
    r"\lim_{\eta\to0}\big(\varphi_\eta(\theta_0) - \theta_0 + \eta\bar g\big)/\eta^2",
    "what stays against the standard step however long the phase, over eta^2",
)
Q_bend = vector(r"Q_{T+1} - 2Q_T + Q_{T-1}", "how the second-order coefficient of a phase bends in its length")
scaled_current_bias = vector(
    r"\lim_{\varepsilon\to0}\mathbb E[G(z_t,\theta_t) - \bar g(\theta_t)]/\varepsilon",
    "bias of a gradient against the current parameters over the size of a step, from equilibrium",
)
Q_growth = vector(r"Q_{t+1} - Q_t", "what the step at time t adds to the second-order coefficient of a phase")
over_times = vector(
    r"\mathbb E\,\varphi_{\eta T/\tau}(\theta_0) - \theta_0", "displacement by a flow for a random time"
)
for_ever = scalar("r_t", "length of what is left of the start at time t", positive=True)

EULER = equation("aol-one-state", mean_Delta, {"small Euler steps": small_steps})
FLOW = equation("aol-gradient-flow-limit", long_phases, {"gradient flow": flowed})
STAYS = equation("aol-step-bias", stays, {"the flow bends": sp.Rational(1, 2) * D_g_bar * g_bar})
NOTHING_ELSE = equation("aol-no-other-bias", Q_bend, {"the flow bends": D_g_bar * g_bar})
_GROWTH = sp.exp(Lambda * eta)
FLOW_BOUND = bound(
    "aol-gradient-flow",
    flow_gap,
    {
        "the two ends": eta / tau * _GROWTH * Psi_1,
        "steps of finite size": eta / tau * _GROWTH * eta * Lambda * M / 2,
        "noise, bent": eta / tau * sp.exp(3 * Lambda * eta) * eta**2 * L_bar_2 * (Psi**2 + Psi_1**2),
    },
)
CURRENT_BOUND = bound(
    "aol-current-parameters",
    current_bias,
    {"what is left of the start": C * M * rho**t, "parameters that move": eta / tau * M * Lambda_1},
)
LAG = equation("aol-lag", scaled_current_bias, {"lag of the law": lag, "correlation": -Gamma})
LAG_IN_TIME = equation(
    "aol-lag-in-time", scaled_current_bias, {"drift": t * D_g_bar * g_bar, "second order": -Q_growth}
)
FLOWING = FLOW_BOUND, FLOW, STAYS, EULER, NOTHING_ELSE
LAGGING = CURRENT_BOUND, LAG, LAG_IN_TIME
"""What the chapter states of the flow, and of the lag."""
