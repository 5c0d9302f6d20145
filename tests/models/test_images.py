"""Bars and stripes and their law as published, digits, and labels as units."""

from fractions import Fraction

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cl_theory.learning.models.images import (
    bars_and_stripes,
    bars_and_stripes_entropy,
    bars_and_stripes_law,
    best_negative_log_likelihood,
    digits,
    labelled_digits,
    one_hot,
    valid_labels,
    with_label_pixels,
    with_label_units,
    wrong_labels,
)


def test_rows_are_images_of_constant_lines():
    images = bars_and_stripes(4).reshape(-1, 4, 4)
    assert (images[:16] == images[:16, :, :1]).all()
    assert (images[16:] == images[16:, :1, :]).all()
    with pytest.raises(ValueError, match="size"):
        bars_and_stripes(0)


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
    count = np.array([float(p) * len(bars_and_stripes(3)) for p in bars_and_stripes_law(3)[1]])
    for _ in range(100):
        assert -(count * np.log(rng.dirichlet(count))).sum() >= best_negative_log_likelihood(3)


def test_pixels_of_digits_are_on_above_half_of_the_range():
    rows = digits()
    assert rows.shape == (1797, 64)
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(rows, load_digits().images.reshape(-1, 64) >= 9)
    for threshold in (-1, 16, float("nan")):
        with pytest.raises(ValueError, match="threshold"):
            digits(threshold)


def test_labelled_digits_carry_their_label_after_64_pixels() -> None:
    rows, labels = labelled_digits()
    assert rows.shape == (1797, 74)
    np.testing.assert_array_equal(rows[:, 64:].argmax(axis=1), labels)
    assert labelled_digits(label_units=False)[0].shape == (1797, 64)


def test_label_units_are_one_at_the_label_and_follow_the_pixels() -> None:
    np.testing.assert_array_equal(one_hot(np.array([0, 9])), np.eye(10)[[0, 9]])
    rows = with_label_units(np.ones((2, 5)), np.array([1, 2]), n_classes=3)
    np.testing.assert_array_equal(rows, [[1, 1, 1, 1, 1, 0, 1, 0], [1, 1, 1, 1, 1, 0, 0, 1]])


def test_label_pixels_leave_the_given_images_alone() -> None:
    images = np.full((2, 6), 7, dtype=np.uint8)
    written = with_label_pixels(images, np.array([0, 2]), n_classes=3)
    np.testing.assert_array_equal(written, [[1, 0, 0, 7, 7, 7], [0, 0, 1, 7, 7, 7]])
    assert (images == 7).all()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([3, 10]), "0 .. 9, got 10 at index 1"),
        (np.array([3, -1]), "0 .. 9, got -1 at index 1"),
        (np.array([0.5, 1.0]), "labels must be integers"),
        (np.array(["a"]), "labels must be integers"),
        (np.zeros((2, 2), dtype=int), "labels must be one vector"),
    ],
)
def test_labels_that_are_no_vector_of_classes_are_refused(labels, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        valid_labels(labels)


def test_rows_and_labels_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="2 rows and 3 labels"):
        with_label_units(np.ones((2, 5)), np.arange(3))
    with pytest.raises(ValueError, match="images must be"):
        with_label_pixels(np.ones((2, 5)), np.array([1, 2]))


def test_a_wrong_label_is_never_the_true_one_and_the_others_are_equally_likely() -> None:
    true = np.repeat(np.arange(10), 9000)
    wrong = wrong_labels(np.random.default_rng(3), true)
    assert (wrong != true).all()
    counts = np.histogram2d(true, wrong, bins=10)[0]
    others = counts[~np.eye(10, dtype=bool)]
    expected, sd = 1000, np.sqrt(9000 * (1 / 9) * (8 / 9))
    assert abs(others - expected).max() < 6 * sd  # 90 counts: a false alarm once in 10^7 runs
