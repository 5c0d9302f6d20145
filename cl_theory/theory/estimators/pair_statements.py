"""What chapters 15 and 20 state: pairs of phases that share an image, and ISD on a batch that is drawn before."""

import sympy as sp

from cl_theory.theory.algebra import scalar, vector
from cl_theory.theory.estimators.symbols import MEANS, b, inner_mean, m_minus, m_plus, mu
from cl_theory.theory.statement import equation

rho = scalar(r"\rho", "part of a pair that its two phases share, and that cancels")
square_D = scalar(r"\mathbb E|D|^2", "mean square length of a two-term estimate", positive=True)
square_Z = scalar(r"\mathbb E|Z|^2", "mean square length of an ISD estimate at b = 1/2", positive=True)
noise_ratio = scalar(
    r"\frac{2\,\mathbb E|\frac\eta2 Z|^2}{\mathbb E|\eta D|^2}",
    "second moment of two phases of ISD at half the rate over that of a two-term update",
    positive=True,
)
pace_ratio = scalar(
    r"\frac{\eta\,\mathbb E Z/\sqrt{\mathbb E Z^2}}{\frac12\,\eta\,\mathbb E D/\sqrt{\mathbb E D^2}}",
    "drift of ISD a phase under Adam over that of two-term learning, in one parameter",
    positive=True,
)

_SHARED = {rho: 2 * inner_mean / (m_plus + m_minus)}

PAIR = equation("ff-pair", square_D, {"what the phases do not share": (1 - rho) * (m_plus + m_minus)}, where=_SHARED)
PHASE = equation("ff-phase", square_Z, {"both phases": 2 * (m_plus + m_minus)})
NOISE = equation("ff-noise", noise_ratio, {"over what they do not share": 1 / (1 - rho)})
PACE = equation("ff-pace", pace_ratio, {"root of what they do not share": sp.sqrt(2) * sp.sqrt(1 - rho)})
PAIRS = (PAIR, PHASE, NOISE, PACE)


n = scalar("n", "positive phases after which offline ISD moves", positive=True, integer=True)
mean_phases = scalar(r"\mathbb E N", "mean number of phases until n of them were positive", positive=True)
wait = scalar(r"\mathbb E N_1", "mean number of phases until one was positive", positive=True)
mean_sum = vector(r"\mathbb E\sum_{k=1}^N Z_k", "mean of the sum of ISD estimates until n phases were positive")

OFFLINE_PHASES = equation("isd-offline-phases", mean_phases, {"n waits for the coin": n / b})
OFFLINE_SUM = equation("isd-offline-sum", mean_sum, {"n/b gradients": n / b * mu}, where=MEANS)
OFFLINE = (OFFLINE_PHASES, OFFLINE_SUM)
