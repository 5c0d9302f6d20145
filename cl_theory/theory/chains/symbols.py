"""The symbols of Part II, and what they are for a chain at equilibrium, a law of phase lengths and given constants.

Everything without an argument is at theta_0. Vectors have a component for each parameter; their lengths are numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.theory.algebra import matrix, scalar, vector
from cl_theory.theory.chains.mixing import ChainConstants
from cl_theory.theory.chains.phase_lengths import PhaseLength
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.stationary import mean_power, start_law

# Rates and times.
eta = scalar(r"\eta", "learning rate of a whole phase", positive=True)
tau = scalar(r"\tau", "mean length of a phase, in steps", positive=True)
epsilon = scalar(r"\varepsilon", "learning rate of one step, eta/tau", positive=True)
t = scalar("t", "steps since the phase began", positive=True)
s = scalar("s", "equilibration time, in steps", positive=True)
T = scalar("T", "length of a phase, in steps", positive=True, integer=True)
mean_T = scalar(r"\mathbb E[T]", "mean length of a phase", positive=True)
mean_pairs = scalar(r"\mathbb E[T(T-1)]", "mean number of ordered pairs of steps of a phase", positive=True)
mean_square_T = scalar(r"\mathbb E[T^2]", "mean square length of a phase", positive=True)
mean_cube_T = scalar(r"\mathbb E[T^3]", "mean cube of the length of a phase", positive=True)
var_T = scalar(r"\operatorname{Var} T", "variance of the length of a phase", positive=True)
mean_decay = scalar(r"\mathbb E[\rho^T]", "what a chain has not forgotten at the end of a phase", positive=True)

decay_t = scalar(r"\rho^t", "what a chain has not forgotten at time t", positive=True)
decay_s = scalar(r"\rho^s", "what a chain has not forgotten when it has equilibrated", positive=True)
decay_tau = scalar(r"\rho^\tau", "what a chain has not forgotten after tau steps", positive=True)

# Constants: how fast the chain forgets, how much kernel and gradient respond, how large the gradient is.
C = scalar("C", "what the mass of P^n(z, .) - pi is at most, times rho^n", positive=True)
rho = scalar(r"\rho", "factor by which the chain forgets in a step", positive=True)
K = scalar("K", "Lipschitz constant of the kernel in the parameters, by total mass", positive=True)
M = scalar("M", "largest length of a gradient", positive=True)
L = scalar("L", "Lipschitz constant of the gradient in the parameters", positive=True)
L_2 = scalar("L_2", "how much the gradient bends: its second-order remainder is L_2 |delta|^2/2", positive=True)
K_2 = scalar("K_2", "how much the kernel bends: its second-order remainder is K_2 |delta|^2/2", positive=True)
Psi = scalar(r"\Psi", "C M/(1 - rho), which bounds every |psi(z)|", positive=True)
Lambda = scalar(r"\Lambda", "L + K Psi, which bounds the response H", positive=True)
kappa_2 = scalar(r"\kappa_2", "bounds what the leading terms leave of Q_T", positive=True)
kappa_3 = scalar(r"\kappa_3", "bounds what the second order leaves, times eps^3 E T^3", positive=True)
L_psi = scalar(r"L_\psi", "Lipschitz constant of the Poisson solution in the parameters", positive=True)
Lambda_1 = scalar(r"\Lambda_1", "what an update is off against current parameters, times eps M", positive=True)
L_bar_2 = scalar(r"\bar L_2", "how much the mean gradient bends", positive=True)
Psi_1 = scalar(r"\Psi_1", "what a phase owes to its two ends while psi itself moves", positive=True)

# The frozen chain at theta_0.
g_bar = vector(r"\bar g", "mean gradient of the chain at equilibrium")
psi_start = vector(r"\psi(z_0)", "Poisson solution at the start: what a long phase owes to it")
psi_end = vector(r"\mathbb E P^T\psi(z_0)", "what is left of the start at the end of a phase of independent length")
psi_chosen = vector(r"\mathbb E\psi(z_T)", "mean of the Poisson solution at the state where the phase ends")
g_class = vector(r"\bar g_{z_0}", "mean gradient of the closed class in which a phase starts")
D_g_bar = matrix(r"D\bar g", "derivative of the mean gradient in the parameters")
Gamma = vector(r"\Gamma", "correlation of the gradient with what it does to later gradients")
lag = vector(r"\pi\dot P[\bar g]\xi", "how far the chain's law lags behind moving parameters")
Q_T = vector("Q_T", "second-order coefficient of a phase: E Delta = -eps E S_T + eps^2 Q_T + R")
mean_S_T = vector(r"\mathbb E S_T", "mean sum of the gradient over a phase of the frozen chain")
Sigma_inf = matrix(r"\Sigma_\infty", "long-run covariance of the gradient, for each step")
Sigma_pi = matrix(r"\Sigma_\pi", "covariance of the gradient at equilibrium")

# What learning does: sides that are measured.
mean_Delta = vector(r"\mathbb E\Delta", "mean displacement of the parameters in a phase")
cov_Delta = matrix(r"\operatorname{Cov}\Delta", "covariance of the displacement of a phase")
cov_S_T = matrix(r"\operatorname{Cov} S_T", "covariance of the sum of the gradient over a phase of the frozen chain")
gradient_moved = vector(
    r"\mathbb E S_G", "sum over the phase of G(z_t, theta_t) - G(z_t, theta_0), what learning does through the gradient"
)
kernel_moved = vector(
    r"\mathbb E S_P",
    "sum over the phase of (P_theta_t - P)(psi - P^(T-1-t) psi) at z_t, what learning does through the kernel",
)
mean_update = vector(r"\mathbb E\,G(z_t,\theta_t)", "mean gradient that is read at time t")
start_left = vector(r"P^t\tilde G(z_0)", "what is left of the start at time t, in the frozen chain")
update_gradient_moved = vector(
    r"\mathbb E[G(z_t,\theta_t) - G(z_t,\theta_0)]", "what learning does to the gradient read at time t, directly"
)
update_kernel_moved = vector(
    r"\sum_{u<t}\mathbb E\big((P_{\theta_u} - P)P^{t-1-u}\tilde G\big)(z_u)",
    "what learning does to the gradient read at time t, through the states that it leads to",
)
update_bias = scalar(
    r"\big|\mathbb E[\varepsilon G(z_t,\theta_t)] - \varepsilon\bar g(\theta_0)\big|",
    "length of the bias of an update, against the parameters at the start",
)
phase_bias = scalar(
    r"\big|\mathbb E\Delta + \eta\,\bar g(\theta_0)\big|", "length of the bias of a phase, against the standard step"
)
current_bias = scalar(
    r"\big|\mathbb E[G(z_t,\theta_t) - \bar g(\theta_t)]\big|",
    "a gradient's bias against current parameters, its length",
)
flow_gap = scalar(
    r"\big|\mathbb E\theta_T - \varphi_\eta(\theta_0)\big|",
    "distance of a phase's mean end from the gradient flow",
)
end_bias = scalar(
    r"\big|\mathbb E\,G(z_T) - \bar g\big|", "length of the bias of a gradient that is read at the end of a phase"
)

limit_bias = scalar(
    r"\lim_{\tau\to\infty}\big|\mathbb E\Delta + \eta\,\bar g(\theta_0)\big|", "bias of a phase that goes on for ever"
)

# The network with a single state and G = lambda theta.
one_state_slope = scalar(r"\lambda", "slope of the gradient in the parameter", positive=True)
one_state_start = scalar(r"\theta_0", "the parameter at the start of a phase", positive=True)

MEMORY = {Psi: C * M / (1 - rho)}
"""Psi = C M/(1 - rho)."""


def length_values(length: PhaseLength) -> dict[sp.Expr, Callable[[], Any]]:
    """What the symbols of a phase's length are: exact where its law is."""
    return {
        tau: lambda: length.mean,
        mean_T: lambda: length.mean,
        mean_pairs: lambda: length.second_moment - length.mean,
        mean_square_T: lambda: length.second_moment,
        mean_cube_T: lambda: length.third_moment,
        var_T: lambda: length.variance,
    }


def constant_values(constants: Callable[[], ChainConstants]) -> dict[sp.Expr, Callable[[], Any]]:
    """What the constants are; `constants` is called when the first of them is asked for."""
    names = {
        C: "C", rho: "rho", K: "K", M: "M", L: "L", L_2: "L2", K_2: "K2", Psi: "psi", Lambda: "response",
        kappa_2: "kappa2", kappa_3: "kappa3", L_psi: "psi_lipschitz", Lambda_1: "current", L_bar_2: "mean_bend",
    }  # fmt: skip
    return {symbol: lambda name=name: getattr(constants(), name) for symbol, name in names.items()}  # type: ignore[misc]


def equilibrium_values(
    equilibrium: Callable[[], Equilibrium], start: Any, length: PhaseLength
) -> dict[sp.Expr, Callable[[], Any]]:
    """What the symbols of the frozen chain are for phases from `start`, a state or a law, of this `length`."""

    def at_start(function: np.ndarray) -> np.ndarray:
        return start_law(start, len(function), function) @ function

    def left() -> np.ndarray:
        power = mean_power(length, equilibrium().local.transition_matrix)
        return at_start(power @ equilibrium().psi)

    return {
        g_bar: lambda: equilibrium().mean_gradient,
        psi_start: lambda: at_start(equilibrium().psi),
        psi_end: left,
        D_g_bar: lambda: equilibrium().mean_gradient_derivative,
        Gamma: lambda: equilibrium().correlation,
        lag: lambda: equilibrium().lag,
        Sigma_inf: lambda: equilibrium().covariance,
    }
