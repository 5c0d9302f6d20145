"""Nets that learn as the released scripts do where these differ from the stated algorithm: one difference a class.

Everything else, the random numbers included, is that of `NetReplicaLearner`: two runs of one seed meet the same images
in the same phases, so that their gap is what the difference does.
"""

import numpy as np

from cl_theory.learning.net_replica_learner import NetReplicaLearner
from cl_theory.learning.schedules import ISD


class UnweightedNetLearner(NetReplicaLearner):
    r"""ISD divided by the outcome of the coin instead of its odds: :math:`B g^{+} - (1 - B) g^{-}` for every b.

    Its mean is :math:`b\, E g^{+} - (1 - b)\, E g^{-}`: half the gradient at b = 1/2, another direction elsewhere.
    """

    def isd_weights(self, signs: np.ndarray, schedule: ISD) -> np.ndarray:
        """1 or -1 whatever b is."""
        return np.where(signs, 1.0, -1.0)


class LeakyNegativesNetLearner(NetReplicaLearner):
    """Negatives carry a label drawn from all classes: the true one in one case out of `n_classes`."""

    def negative_labels(self, rng: np.random.Generator, true: np.ndarray) -> np.ndarray:
        """Labels drawn without a look at the true ones."""
        return rng.integers(0, self.n_classes, size=true.shape)
