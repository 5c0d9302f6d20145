"""The digits that come with scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cl_theory.learning.models.images import digits


def test_pixels_are_on_above_half_of_the_range():
    rows = digits()
    assert rows.shape == (1797, 64)
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(rows, load_digits().images.reshape(-1, 64) >= 9)


def test_a_threshold_outside_the_range_is_refused():
    for threshold in (-1, 16, float("nan")):
        with pytest.raises(ValueError, match="threshold"):
            digits(threshold)
