"""Labels as units: where they stand, and that a wrong label is always wrong."""

import numpy as np
import pytest

from cl_theory.learning.models.images import one_hot, valid_labels, with_label_pixels, with_label_units, wrong_labels


def test_one_hot_has_one_unit_at_the_label() -> None:
    units = one_hot(np.array([0, 9, 3]))
    assert units.shape == (3, 10)
    np.testing.assert_array_equal(units.sum(axis=1), 1)
    np.testing.assert_array_equal(units.argmax(axis=1), [0, 9, 3])


@pytest.mark.parametrize("bad", [10, -1])
def test_a_label_out_of_range_is_named_with_its_place(bad: int) -> None:
    with pytest.raises(ValueError, match=rf"0 .. 9, got {bad} at index 1"):
        valid_labels(np.array([3, bad]))


@pytest.mark.parametrize("labels", [np.array([0.5, 1.0]), np.array(["a"]), np.zeros((2, 2), dtype=int)])
def test_labels_that_are_no_vector_of_integers_are_refused(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="labels must be"):
        valid_labels(labels)


def test_label_units_follow_the_pixels() -> None:
    rows = with_label_units(np.ones((2, 5)), np.array([1, 2]), n_classes=3)
    np.testing.assert_array_equal(rows, [[1, 1, 1, 1, 1, 0, 1, 0], [1, 1, 1, 1, 1, 0, 0, 1]])


def test_label_pixels_leave_the_given_images_alone() -> None:
    images = np.full((2, 6), 7, dtype=np.uint8)
    written = with_label_pixels(images, np.array([0, 2]), n_classes=3)
    np.testing.assert_array_equal(written, [[1, 0, 0, 7, 7, 7], [0, 0, 1, 7, 7, 7]])
    assert (images == 7).all()


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
