"""Right-hand sides of the bounds on always-on learning, one formula a function; eta is `learning_rate`, tau E T.

All are in the units of the parameters. The left-hand sides come from `enumeration`, `transfer` or `simulation`.
"""

from cl_theory.arguments import positive
from cl_theory.markov.constants import ChainConstants
from cl_theory.phases.length import PhaseLength


def update_bias_bound(constants: ChainConstants, *, learning_rate: float, mean_length: float, t: int) -> float:
    r"""Bounds :math:`|E[\varepsilon G(z_t,\theta_t)] - \varepsilon\bar g(\theta_0)|` by
    :math:`\frac\eta\tau CM\rho^t + \frac{\eta^2}{\tau^2} M\Lambda t`, for every t (claim `aol-update-bias`).

    For s <= t <= tau this is O(eta^2/tau) plus what is left of the start. Source: Theorem 3.4, made explicit.
    """
    step = positive(learning_rate, "learning_rate") / float(mean_length)
    start = step * constants.C * constants.M * constants.rho**t
    return float(start + step**2 * constants.M * constants.response * t)


def phase_bias_bound(constants: ChainConstants, length: PhaseLength, *, learning_rate: float) -> float:
    r"""Bounds :math:`|E\Delta + \eta\bar g(\theta_0)|` by
    :math:`\frac\eta\tau\Psi + \frac{\eta^2}{2} M\Lambda\frac{E[T(T-1)]}{\tau^2}` (claims `aol-phase-bias`,
    `aol-random-length`): a sum of a term linear in eta and one that does not vanish with tau. T >= s is not needed.
    """
    eta = positive(learning_rate, "learning_rate")
    learning = eta**2 / 2 * constants.M * constants.response * float(length.pair_ratio)
    return float(eta / float(length.mean) * constants.psi + learning)


def phase_bias_bound_with_equilibration(
    constants: ChainConstants, length: PhaseLength, *, learning_rate: float, equilibration: int
) -> float:
    r"""The same with an equilibration time s: the first term is :math:`\frac{\eta}{\tau}(2Ms + \Psi\rho^s)`, the
    paper's O(s/tau). Larger than `phase_bias_bound` unless s is small against C/(1 - rho).
    """
    eta, s = positive(learning_rate, "learning_rate"), equilibration
    start = 2 * constants.M * s + constants.psi * constants.rho**s
    learning = eta**2 / 2 * constants.M * constants.response * float(length.pair_ratio)
    return float(eta / float(length.mean) * start + learning)


def second_order_error(constants: ChainConstants, length: PhaseLength, *, learning_rate: float) -> float:
    r"""Bounds what the second-order expansion leaves: :math:`\kappa_3\eta^3 E[T^3]/\tau^3`
    (claim `aol-leading-terms`)."""
    eta = positive(learning_rate, "learning_rate")
    return float(constants.kappa3 * eta**3 * float(length.cube_ratio))


def leading_terms_error(constants: ChainConstants, length: PhaseLength, *, learning_rate: float) -> float:
    r"""Bounds what the leading terms leave: :math:`\kappa_2\eta^2/\tau^2 + \kappa_3\eta^3 E[T^3]/\tau^3`
    (claim `aol-leading-terms`)."""
    step = positive(learning_rate, "learning_rate") / float(length.mean)
    return constants.kappa2 * step**2 + second_order_error(constants, length, learning_rate=learning_rate)


def flow_bound(constants: ChainConstants, *, learning_rate: float, mean_length: float) -> float:
    r"""Bounds :math:`|E\theta_T - \varphi_\eta(\theta_0)|` by :math:`\frac\eta\tau c(\eta)` for T = tau fixed, where
    phi is the gradient flow (claim `aol-gradient-flow`); `constants` must be uniform."""
    eta = positive(learning_rate, "learning_rate")
    return eta / float(mean_length) * constants.flow(eta)


def current_bias_bound(constants: ChainConstants, *, learning_rate: float, mean_length: float, t: int) -> float:
    r"""Bounds :math:`|E[G(z_t,\theta_t) - \bar g(\theta_t)]|` by :math:`CM\rho^t + \varepsilon M\Lambda_1`, not yet
    times epsilon (claim `aol-current-parameters`); `constants` must be uniform."""
    step = positive(learning_rate, "learning_rate") / float(mean_length)
    return float(constants.C * constants.M * constants.rho**t + step * constants.M * constants.current)
