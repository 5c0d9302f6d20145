"""What chapter 9 states: phases of random length, and phases that the network ends itself."""

import sympy as sp

from cl_theory.theory.algebra import scalar, vector
from cl_theory.theory.chains.symbols import (
    C,
    D_g_bar,
    K,
    L,
    L_psi,
    Lambda,
    M,
    Psi,
    end_bias,
    epsilon,
    eta,
    g_bar,
    mean_decay,
    mean_Delta,
    mean_pairs,
    mean_S_T,
    mean_T,
    phase_bias,
    psi_chosen,
    psi_start,
    s,
    tau,
)
from cl_theory.theory.dynamics.noise_statements import pull
from cl_theory.theory.statement import Statement, bound, equation

stopped_bias = scalar(
    r"\big|\mathbb E\Delta + \varepsilon\,\mathbb E[T]\,\bar g\big|",
    "length of the bias of a phase, against the mean length times the mean gradient",
)
longest = scalar("N", "longest possible phase, in steps", positive=True)
half = scalar("m", "half of the mean length of a phase, in steps", positive=True)
spread = scalar("w", "limit of E T^2/tau^2 for long phases", positive=True)
bent = vector(
    r"\lim_{\tau\to\infty}\lim_{\eta\to0}\frac{\mathbb E\Delta + \eta\bar g}{\eta^2}",
    "coefficient of eta^2 in the mean displacement of long phases, from equilibrium",
)
within_rest = vector("R", "what is left of the mean displacement: O(eta^2/tau) + O(eta^3)")
one_state_mean = scalar(
    r"\mathbb E\frac{\theta_T}{\theta_0}", "where a phase leads on average in a network of one state, G = lambda theta"
)
ahead_sum = scalar(
    r"\mathbb E S_{\mathrm{ahead}}", "mean sum of the coins of a phase that goes on if the next tau coins are good"
)
mean_of_phase = scalar(r"\mathbb E[S_T/T]", "mean of the coins' average over a phase that stops if it is ahead")

RANDOM = bound(
    "aol-random-length",
    phase_bias,
    {
        "the start": eta / tau * Psi,
        "the gradient moves": eta**2 / 2 * mean_pairs / tau**2 * M * L,
        "the kernel moves": eta**2 / 2 * mean_pairs / tau**2 * M * K * Psi,
    },
)
WITHIN = equation(
    "aol-random-displacement",
    mean_Delta,
    {
        "the standard step": -eta * g_bar,
        "learning within the phase": eta**2 / 2 * mean_pairs / tau**2 * D_g_bar * g_bar,
        "higher orders": within_rest,
    },
)
BENT = equation("aol-length-bend", bent, {"the spread of the length": spread / 2 * D_g_bar * g_bar})
_WAITS = tau - s


def _factor(name: str, spreads: sp.Expr) -> Statement:
    # Var T/tau^2 is what the laws differ in.
    terms = {"the mean, squared": sp.Integer(1), "the spread": spreads, "no step pairs with itself": -1 / tau}
    return equation(name, mean_pairs / tau**2, {term: value for term, value in terms.items() if value != 0})


FIXED = _factor("aol-length-fixed", sp.Integer(0))
POISSON = _factor("aol-length-poisson", _WAITS / tau**2)
UNIFORM = _factor("aol-length-uniform", _WAITS * (_WAITS + 1) / (3 * tau**2))
SHIFTED = _factor("aol-length-shifted", _WAITS * (_WAITS - 1) / tau**2)
GEOMETRIC = _factor("aol-length-geometric", 1 - 1 / tau)
FACTORS = FIXED, POISSON, UNIFORM, SHIFTED, GEOMETRIC
"""E[T(T-1)]/tau^2: fixed, s + Poisson, uniform on s .. 2 tau - s, s + geometric, geometric."""
ONE_STATE = equation(
    "aol-geometric-mean", one_state_mean, {"geometric length": (1 - pull / tau) / (1 + pull - pull / tau)}
)
RANDOM_LENGTHS = RANDOM, *FACTORS, ONE_STATE, BENT, WITHIN

STOPPED = bound(
    "aol-any-length-law",
    stopped_bias,
    {
        "the two ends": 2 * epsilon * Psi,
        "the Poisson solution moves": epsilon**2 * M * L_psi * mean_T,
        "the mean gradient moves": epsilon**2 / 2 * M * Lambda * mean_pairs,
    },
)
WALD = equation(
    "aol-wald",
    mean_S_T,
    {"Wald's identity": mean_T * g_bar, "owed to the start": psi_start, "taken at the end": -psi_chosen},
)
AT_END = equation("aol-end-of-short-phases", end_bias, {"not forgotten at the end": C * M * mean_decay})
ALWAYS = equation(
    "aol-short-phases",
    phase_bias,
    {"the start": eta / tau * Psi, "not forgotten at the end": -eta / tau * Psi * mean_decay},
)
AHEAD = equation("aol-look-ahead", ahead_sum, {"the good half": half * sp.binomial(2 * half, half) / 4**half})
DOOB = bound(
    "aol-look-ahead-bound",
    phase_bias,
    {"the two ends": 2 * eta / tau * Psi, "the largest luck": 2 * eta / tau * Psi * sp.sqrt(longest)},
)
DIVIDED = equation(
    "aol-divided-by-length", mean_of_phase, {"good luck": sp.binomial(half, half / 2) / (3 * 4 ** (half / 2))}
)
ANY_LENGTH = STOPPED, WALD, AT_END, ALWAYS, AHEAD, DOOB, DIVIDED
"""What the chapter states of lengths that do not depend on the network, and of lengths that do."""
