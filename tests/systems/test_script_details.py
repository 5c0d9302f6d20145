"""A look at a network changes what it learns exactly when both draw from one generator; a cast loses most ink."""

import numpy as np
from sklearn.datasets import load_digits

from cl_theory.proof.systems.run_systems import ink_kept_by_a_cast, moved_by_a_look, weights_learned
from cl_theory.seeds import stream


def test_a_look_changes_learning_only_through_a_shared_generator() -> None:
    unseen = weights_learned(stream(3, "training"))
    shared = stream(3, "training")
    assert not np.array_equal(weights_learned(shared, shared), unseen)
    assert np.array_equal(weights_learned(stream(3, "training"), stream(3, "evaluation")), unseen)
    assert np.abs(unseen).max() > 0
    moved = moved_by_a_look(3)
    assert moved["a stream each"] == 0
    assert moved["one generator"] == np.abs(weights_learned(shared := stream(3, "training"), shared) - unseen).max()


def test_a_cast_keeps_the_pixels_of_full_brightness() -> None:
    shades = load_digits().data[-397:]
    assert ink_kept_by_a_cast() == (shades == 16).sum() / (shades > 8).sum()
