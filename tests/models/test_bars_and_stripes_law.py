"""The law of bars and stripes against counting, and against the published numbers."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.learning.models.images import (
    bars_and_stripes,
    bars_and_stripes_entropy,
    bars_and_stripes_law,
    best_negative_log_likelihood,
    labelled_digits,
)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_the_law_sums_to_one_and_its_entropy_is_the_closed_form(size: int) -> None:
    images, law = bars_and_stripes_law(size)
    assert sum(law) == 1
    assert len(images) == len(law) == 2 ** (size + 1) - 2
    entropy = -sum(float(p) * np.log(float(p)) for p in law)
    assert bars_and_stripes_entropy(size) == pytest.approx(entropy, rel=1e-12)


def test_only_the_empty_and_the_full_image_are_twice_as_likely() -> None:
    images, law = bars_and_stripes_law(4)
    twice = images[[p == Fraction(1, 16) for p in law]]
    assert sorted(twice.sum(axis=1)) == [0, 16]
    assert {p for p in law if p != Fraction(1, 16)} == {Fraction(1, 32)}


def test_the_best_likelihood_of_the_4x4_set_is_the_published_one() -> None:
    assert bars_and_stripes_entropy(4) == pytest.approx(3.379093, abs=5e-7)
    assert best_negative_log_likelihood(4) == pytest.approx(108.1310, abs=5e-5)


def test_no_law_on_the_rows_is_more_likely_than_the_empirical_one() -> None:
    rng = np.random.default_rng(0)
    _, law = bars_and_stripes_law(3)
    count = np.array([float(p) * len(bars_and_stripes(3)) for p in law])
    for _ in range(100):
        other = rng.dirichlet(count)
        assert -(count * np.log(other)).sum() >= best_negative_log_likelihood(3)


def test_labelled_digits_carry_their_label_after_64_pixels() -> None:
    rows, labels = labelled_digits()
    assert rows.shape == (1797, 74)
    np.testing.assert_array_equal(rows[:, 64:].argmax(axis=1), labels)
    assert labelled_digits(label_units=False)[0].shape == (1797, 64)
