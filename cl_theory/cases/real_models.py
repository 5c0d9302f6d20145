"""The two machines on which every claim about an estimator is checked: real input, and still an exact answer."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.datasets.digits import digits
from cl_theory.laws.moments import PhaseMoments
from cl_theory.models.rbm import RBM, rbm_phase_moments
from cl_theory.samplers.exact_phase import ExactPhaseSampler
from cl_theory.seeds import FIXED_ROOT, stream

N_HIDDEN = 16
"""2**16 hidden states are few enough to be listed, so that every moment of the model is exact."""


@dataclass(frozen=True, eq=False)
class RealModel:
    """An RBM and its data, with exact moments of both phases and exact draws from them, made when first asked."""

    name: str
    rbm: RBM
    data: np.ndarray

    @cached_property
    def moments(self) -> PhaseMoments:
        """Exact first and second moments of g+ and g-, phases independent."""
        return rbm_phase_moments(self.rbm, self.data)

    @cached_property
    def sampler(self) -> ExactPhaseSampler:
        """Independent exact draws of both phases."""
        return ExactPhaseSampler(self.rbm, self.data)


def untrained_rbm(data: np.ndarray, name: str) -> RBM:
    """Weights from N(0, 1), visible biases at the log odds of each pixel, hidden biases 0; the same at every call.

    So the two phases agree on single pixels, but for the weights, which are far from small and know nothing of the
    data: phases as different as at the start of learning. Pixel frequencies get half a count at either end.
    """
    on = (data.sum(axis=0) + 0.5) / (len(data) + 1)
    weights = stream(FIXED_ROOT, "real-models", name).standard_normal((N_HIDDEN, data.shape[1]))
    return RBM(weights, np.log(on / (1 - on)), np.zeros(N_HIDDEN))


@cache
def bars_model() -> RealModel:
    """16 x 16 units on the 32 bars and stripes of a 4 x 4 grid."""
    return RealModel("bars and stripes", untrained_rbm(bars_and_stripes(), "bars"), bars_and_stripes())


@cache
def digits_model() -> RealModel:
    """64 x 16 units on scikit-learn's 1797 digits, 8 x 8 and binarised."""
    return RealModel("digits", untrained_rbm(digits(), "digits"), digits())


def real_models() -> tuple[RealModel, RealModel]:
    """Both of them."""
    return bars_model(), digits_model()
