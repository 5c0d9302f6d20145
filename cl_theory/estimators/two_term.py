"""The classical estimator: both phases are run, and the difference is taken."""

from typing import Any

import numpy as np

from cl_theory.arguments import finite
from cl_theory.estimators.rows import gradient_rows


def two_term_gradient(g_positive: Any, g_negative: Any) -> np.ndarray:
    r"""Two-term estimate of the gradient, shape of its arguments (n_samples, n_parameters).

    .. math:: D = g^{+} - g^{-}

    Needs both phases of every sample, so the first must be stored until the second ends.
    Unbiased for :math:`\mu = E g^{+} - E g^{-}` under any coupling of the two (claim `cl-gradient`).
    ValueError on different shapes, NaN or infinity.
    Source: Williams, Bredenberg & Lajoie (2023), Eq. 2.
    """
    positive, negative = gradient_rows(g_positive, g_negative)
    return finite(positive, "g_positive") - finite(negative, "g_negative")
