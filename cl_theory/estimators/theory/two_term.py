"""Moments of the two-term estimator D = g+ - g-."""

import numpy as np

from cl_theory.laws.moments import PhaseMoments


def two_term_covariance(moments: PhaseMoments) -> np.ndarray:
    r"""Covariance of one two-term step, shape (d, d).

    .. math:: \operatorname{Cov} D = \Sigma^{+} + \Sigma^{-} - C - C^{\top}

    with the cross-covariance :math:`C = \operatorname{Cov}(g^{+}, g^{-})`, zero for independent phases.
    """
    cross = moments.cross_covariance
    return moments.covariance_positive + moments.covariance_negative - cross - cross.T
