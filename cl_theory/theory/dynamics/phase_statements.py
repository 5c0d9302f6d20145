"""What chapters 7 and 8 state of a phase of always-on learning: each formula once, printed, proved and checked."""

import sympy as sp

from cl_theory.theory.chains.symbols import (
    MEMORY,
    C,
    K,
    L,
    M,
    Psi,
    decay_s,
    decay_t,
    decay_tau,
    epsilon,
    eta,
    g_bar,
    gradient_moved,
    kernel_moved,
    limit_bias,
    mean_Delta,
    mean_T,
    mean_update,
    one_state_slope,
    one_state_start,
    phase_bias,
    psi_end,
    psi_start,
    s,
    start_left,
    t,
    tau,
    update_bias,
    update_gradient_moved,
    update_kernel_moved,
)
from cl_theory.theory.statement import bound, equation

PHASE = equation(
    "phase-poisson",
    mean_Delta,
    {
        "the standard step": -epsilon * mean_T * g_bar,
        "owed to the start": -epsilon * (psi_start - psi_end),
        "the gradient moves": -epsilon * gradient_moved,
        "the kernel moves": -epsilon * kernel_moved,
    },
)
UPDATE = equation(
    "aol-update-parts",
    mean_update,
    {
        "the mean gradient": g_bar,
        "the gradient moved": update_gradient_moved,
        "the kernel moved": update_kernel_moved,
        "the start": start_left,
    },
)
UPDATE_BIAS = bound(
    "aol-update-bias",
    update_bias,
    {
        "the start": eta / tau * C * M * decay_t,
        "the gradient moves": eta**2 / tau**2 * M * L * t,
        "the kernel moves": eta**2 / tau**2 * M * K * Psi * t,
    },
    where=MEMORY,
)
UPDATE_AFTER_S = bound(
    "aol-update-bias-after-s",
    update_bias,
    {
        "the start": eta / tau * C * M * decay_s,
        "the gradient moves": eta**2 / tau * M * L,
        "the kernel moves": eta**2 / tau * M * K * Psi,
    },
    where=MEMORY,
)
"""For s <= t <= tau."""
UPDATE_ATTAINED = equation("aol-update-bias-attained", update_bias, {"the start": eta / tau * C * M * decay_t})
"""Frozen lazy chains, from their rare state."""
PHASE_BIAS = bound(
    "aol-phase-bias",
    phase_bias,
    {
        "the start": eta / tau * Psi,
        "the gradient moves": eta**2 / 2 * M * L,
        "the kernel moves": eta**2 / 2 * M * K * Psi,
    },
    where=MEMORY,
)
PHASE_BIAS_WITH_S = bound(
    "aol-phase-bias-with-s",
    phase_bias,
    {
        "until s": 2 * M * eta * s / tau,
        "after s": eta / tau * Psi * decay_s,
        "the gradient moves": eta**2 / 2 * M * L,
        "the kernel moves": eta**2 / 2 * M * K * Psi,
    },
    where=MEMORY,
)
PHASE_ATTAINED = equation(
    "aol-phase-bias-attained",
    phase_bias,
    {"the start": eta / tau * Psi, "what is not forgotten at the end": -eta / tau * Psi * decay_tau},
)
"""Frozen lazy chains, from their rare state."""
ONE_STATE = equation(
    "aol-one-state-bias",
    phase_bias,
    {
        "always on": one_state_start * (1 - eta * one_state_slope / tau) ** tau,
        "the standard step, taken off": -one_state_start * (1 - eta * one_state_slope),
    },
)
"""A single state and G = lambda theta."""
PLATEAU = equation(
    "aol-plateau",
    limit_bias,
    {
        "always on": one_state_start * sp.exp(-eta * one_state_slope),
        "the standard step, taken off": -one_state_start * (1 - eta * one_state_slope),
    },
)
