"""A look at a network changes what it learns exactly when both draw from one generator."""

import numpy as np

from cl_theory.cases.shared_generators import weights_learned
from cl_theory.seeds import stream


def test_a_look_changes_learning_only_through_a_shared_generator() -> None:
    unseen = weights_learned(stream(3, "training"))
    shared = stream(3, "training")
    assert not np.array_equal(weights_learned(shared, shared), unseen)
    assert np.array_equal(weights_learned(stream(3, "training"), stream(3, "evaluation")), unseen)
    assert np.abs(unseen).max() > 0
