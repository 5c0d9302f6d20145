"""Batches of n phases in a designed order (claim `isd-batch-design`)."""

from typing import Any

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.estimators.compute_statements import BATCH
from cl_theory.estimators.symbols import n, phase_values, var_N
from cl_theory.laws.moments import PhaseMoments
from cl_theory.statements import System


def batch_isd_covariance(moments: PhaseMoments, p_positive: Any, n_phases: int, count_variance: Any) -> np.ndarray:
    r"""Covariance of the mean ISD estimate over n phases, shape (d, d): statement `isd-batch-design`.

    `count_variance` is Var N of the number of positive phases under the order in use
    (:mod:`cl_theory.phases`). Gradients are independent across phases and of the order, and E N = nb.
    """
    if not count_variance >= 0:
        raise ValueError(f"count_variance must be at least 0, got {count_variance!r}")
    counts = {n: positive_integer(n_phases, "n_phases"), var_N: count_variance}
    return BATCH.right_value(System("a batch", phase_values(moments, p_positive) | counts))
