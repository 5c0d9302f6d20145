"""Systems for pairs of phases that share an image: rational laws of (g+, g-), by the estimators' own code."""

from fractions import Fraction

import numpy as np

from cl_theory.cases.enumerated import ONE_OFF
from cl_theory.cases.pairs_of_images import adam_drift
from cl_theory.estimators.isd import isd_gradient
from cl_theory.estimators.pair_statements import noise_ratio, pace_ratio, rho, square_D, square_Z
from cl_theory.estimators.symbols import phase_values
from cl_theory.estimators.two_term import two_term_gradient
from cl_theory.laws import FiniteLaw, coin_law, exact_mean
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.statements import System

COIN_OFF = "coin off by 1 %"
HALF = Fraction(1, 2)


def coupled_laws(n_laws: int = 12) -> list[System]:
    """Random rational laws of one parameter whose two phases depend on each other."""
    return [coupled(FiniteLaw.random(stream(FIXED_ROOT, "pairs", k), 5, dimension=1)) for k in range(n_laws)]


def coupled(law: FiniteLaw, coin: Fraction = HALF) -> System:
    """Two-term learning and ISD at b = 1/2 on `law`; with a planted error the `coin` shows another b."""
    probability, is_positive, g_positive, g_negative = coin_law(law, coin)
    estimates = isd_gradient(g_positive, g_negative, is_positive, p_positive=HALF)
    pairs = two_term_gradient(law.g_positive, law.g_negative)
    mean_Z, mean_square_Z = exact_mean(probability, estimates), exact_mean(probability, estimates**2)
    mean_D, mean_square_D = exact_mean(law.probability, pairs), exact_mean(law.probability, pairs**2)
    moments = law.moments
    drifts = [adam_drift(*np.array(of, dtype=float)) for of in ((mean_Z, mean_square_Z), (mean_D, mean_square_D))]
    values = phase_values(moments, HALF) | {
        rho: 2 * np.trace(moments.cross) / (moments.m_positive + moments.m_negative),
        square_D: mean_square_D.sum(),
        square_Z: mean_square_Z.sum(),
        noise_ratio: 2 * HALF**2 * mean_square_Z.sum() / mean_square_D.sum(),
        pace_ratio: float(2 * drifts[0][0] / drifts[1][0]),
    }
    return System("coupled law", values, family="coupled laws", wrong={COIN_OFF: lambda: coupled(law, ONE_OFF * HALF)})
