"""ISD on laws that are listed atom by atom, coin included: exact means and covariances by the estimators' own code."""

from fractions import Fraction
from typing import Any

import numpy as np

from cl_theory.estimators.batch import batch_isd_gradient, ratio_isd_gradient
from cl_theory.estimators.isd import centred_isd_gradient
from cl_theory.laws.arithmetic import exact_array
from cl_theory.laws.coin import coin_law, exact_covariance, exact_mean, repeated_law
from cl_theory.laws.finite import FiniteLaw
from cl_theory.models.rational_rbm import RationalRBM
from cl_theory.phases.order import Bernoulli
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.states import all_states

ONE_OFF = Fraction(101, 100)
"""One per cent too much: what is planted into exact checks."""


def exact_cases(name: str, n_laws: int) -> list[FiniteLaw]:
    """Random rational laws of a coupled pair in 3 dimensions, and then two small RBMs with rational factors."""
    laws = [FiniteLaw.random(stream(FIXED_ROOT, name, k), 5, dimension=3) for k in range(n_laws)]
    for n_visible, n_hidden in ((2, 2), (3, 1)):
        rbm = RationalRBM.random(stream(FIXED_ROOT, name, "rbm", n_visible), n_visible, n_hidden)
        laws.append(rbm.finite_law(all_states(n_visible)[[0, 1, 3]]))
    return laws


def enumerated_isd(
    law: FiniteLaw, p_positive: Any, *, baseline: Any = 0, weight: Any = 1, coin: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean (d,) and covariance (d, d) of ISD around a constant `baseline`, over all atoms and both coin faces.

    Planted errors: a factor `weight` on 1/b, and a `coin` whose probability is not the `p_positive` of the weights.
    """
    probability, is_positive, g_positive, g_negative = coin_law(law, p_positive if coin is None else coin)
    centre = baseline + 0 * law.g_positive[0]
    estimates = centred_isd_gradient(g_positive, g_negative, is_positive, centre, p_positive=p_positive)
    estimates = np.where(is_positive[:, None], weight * estimates, estimates)
    return exact_mean(probability, estimates), exact_covariance(probability, estimates)


def enumerated_trace(law: FiniteLaw, p_positive: Any, **options: Any) -> Any:
    """Exact total variance of ISD; options of `enumerated_isd`."""
    return np.trace(enumerated_isd(law, p_positive, **options)[1])


def two_values(centre: Any, spread: Any) -> tuple[np.ndarray, np.ndarray]:
    """A gradient that is one number, centre - spread or centre + spread with equal chances: (probability, values)."""
    values = np.array([[Fraction(centre - spread)], [Fraction(centre + spread)]], dtype=object)
    return np.array([Fraction(1, 2)] * 2, dtype=object), values


def enumerated_batch(
    law: FiniteLaw, design: Any, n_phases: int, *, p_positive: Any = None, weight: Any = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean and covariance of a batch estimate, over every order of the design and all atoms of every phase.

    The weights use `p_positive`, by default the design's own; `weight` is a planted factor on 1/b.
    """
    b = design.p_positive if p_positive is None else p_positive
    probability, g_positive, g_negative = repeated_law(law, n_phases)
    estimates = [
        batch_isd_gradient(weight * g_positive, g_negative, order, p_positive=b)
        for _, order in design.enumerate(n_phases)
    ]
    chances = [chance * probability for chance, _ in design.enumerate(n_phases)]
    both = np.concatenate(chances), np.concatenate(estimates)
    return exact_mean(*both), exact_covariance(*both)


def enumerated_ratio(law: FiniteLaw, p_positive: Any, n_phases: int) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean and covariance of the difference of phase means under coins, given that both signs came."""
    probability, *gradients = repeated_law(law, n_phases)
    g_positive, g_negative = map(exact_array, gradients)  # integers would be divided into floats
    orders = [(p, order) for p, order in Bernoulli(p_positive).enumerate(n_phases) if 0 < order.sum() < n_phases]
    total = sum(p for p, _ in orders)
    estimates = np.concatenate([ratio_isd_gradient(g_positive, g_negative, order) for _, order in orders])
    chances = np.concatenate([p / total * probability for p, _ in orders])
    return exact_mean(chances, estimates), exact_covariance(chances, estimates)
