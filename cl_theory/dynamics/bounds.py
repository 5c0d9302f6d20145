"""Right-hand sides of the bounds on always-on learning, one formula a function; eta is `learning_rate`, tau E T.

All are in the units of the parameters. The left-hand sides come from `enumeration`, `transfer` or `simulation`.
"""

from cl_theory.arguments import positive
from cl_theory.dynamics.leading_statements import REST
from cl_theory.dynamics.length_statements import RANDOM
from cl_theory.dynamics.symbols import constant_values, eta, length_values
from cl_theory.markov.constants import ChainConstants
from cl_theory.phases.length import PhaseLength
from cl_theory.statements.system import System


def update_bias_bound(constants: ChainConstants, *, learning_rate: float, mean_length: float, t: int) -> float:
    r"""Bounds :math:`|E[\varepsilon G(z_t,\theta_t)] - \varepsilon\bar g(\theta_0)|` by
    :math:`\frac\eta\tau CM\rho^t + \frac{\eta^2}{\tau^2} M\Lambda t`, for every t (claim `aol-update-bias`).

    For s <= t <= tau this is O(eta^2/tau) plus what is left of the start. Source: Theorem 3.4, made explicit.
    """
    step = positive(learning_rate, "learning_rate") / float(mean_length)
    start = step * constants.C * constants.M * constants.rho**t
    return float(start + step**2 * constants.M * constants.response * t)


def phase_bias_bound(constants: ChainConstants, length: PhaseLength, *, learning_rate: float) -> float:
    r"""Bounds :math:`|E\Delta + \eta\bar g(\theta_0)|` for a length that is independent of the chain: the right side of
    `cl_theory.dynamics.length_statements.RANDOM` (claims `aol-phase-bias`, `aol-random-length`). T >= s is not needed.
    """
    return float(RANDOM.right_value(_given(constants, length, learning_rate)))


def phase_bias_bound_with_equilibration(
    constants: ChainConstants, length: PhaseLength, *, learning_rate: float, equilibration: int
) -> float:
    r"""The same with an equilibration time s: the first term is :math:`\frac{\eta}{\tau}(2Ms + \Psi\rho^s)`, the
    paper's O(s/tau). Larger than `phase_bias_bound` unless s is small against C/(1 - rho).
    """
    rate, s = positive(learning_rate, "learning_rate"), equilibration
    start = 2 * constants.M * s + constants.psi * constants.rho**s
    learning = rate**2 / 2 * constants.M * constants.response * float(length.pair_ratio)
    return float(rate / float(length.mean) * start + learning)


def second_order_error(constants: ChainConstants, length: PhaseLength, *, learning_rate: float) -> float:
    """Bounds what the second-order expansion leaves (claim `aol-leading-terms`)."""
    return float(REST.term_values(_given(constants, length, learning_rate))["third order"])


def leading_terms_error(constants: ChainConstants, length: PhaseLength, *, learning_rate: float) -> float:
    """Bounds what the leading terms leave: the right side of `cl_theory.dynamics.leading_statements.REST`."""
    return float(REST.right_value(_given(constants, length, learning_rate)))


def _given(constants: ChainConstants, length: PhaseLength, learning_rate: float) -> System:
    rate = {eta: positive(learning_rate, "learning_rate")}
    return System(f"{length}", constant_values(lambda: constants) | length_values(length) | rate)


def flow_bound(constants: ChainConstants, *, learning_rate: float, mean_length: float) -> float:
    r"""Bounds :math:`|E\theta_T - \varphi_\eta(\theta_0)|` by :math:`\frac\eta\tau c(\eta)` for T = tau fixed, where
    phi is the gradient flow (claim `aol-gradient-flow`); `constants` must be uniform."""
    rate = positive(learning_rate, "learning_rate")
    return rate / float(mean_length) * constants.flow(rate)


def current_bias_bound(constants: ChainConstants, *, learning_rate: float, mean_length: float, t: int) -> float:
    r"""Bounds :math:`|E[G(z_t,\theta_t) - \bar g(\theta_t)]|` by :math:`CM\rho^t + \varepsilon M\Lambda_1`, not yet
    times epsilon (claim `aol-current-parameters`); `constants` must be uniform."""
    step = positive(learning_rate, "learning_rate") / float(mean_length)
    return float(constants.C * constants.M * constants.rho**t + step * constants.M * constants.current)
