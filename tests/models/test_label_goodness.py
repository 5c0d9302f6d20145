"""Goodness of all labels at once against one picture a label."""

import numpy as np
import pytest

from cl_theory.learning.models.forward_forward import BLOCK, ForwardForward, label_goodness, predicted_labels


def one_picture_a_label(network: ForwardForward, images: np.ndarray, n_classes: int) -> np.ndarray:
    """(n_images, n_classes): writes every label over every image."""
    scores = []
    for label in range(n_classes):
        written = np.array(images, dtype=np.float64)
        written[:, :n_classes] = np.eye(n_classes)[label]
        scores.append(network.goodness(written).sum(axis=1))
    return np.stack(scores, axis=1)


def _system(sizes: tuple[int, ...], n: int, scale: float = 1.0) -> tuple[ForwardForward, np.ndarray]:
    rng = np.random.default_rng(len(sizes) + n)
    return ForwardForward.random(rng, sizes), scale * rng.uniform(0, 1, (n, sizes[0])) * (rng.random((n, 1)) < 0.9)


SYSTEMS = [
    ((40, 30), 5, 10, 1.0),
    ((40, 30, 20, 10), BLOCK, 10, 1.0),
    ((30, 50, 20), 2 * BLOCK + 7, 4, 1e-6),
    ((12, 8, 8), 9, 12, 1.0),  # no pixel besides the label
    ((40, 20, 10), 9, 10, 255.0),
    ((20, 6, 5), 0, 10, 1.0),
]


@pytest.mark.parametrize(("sizes", "n", "n_classes", "scale"), SYSTEMS)
def test_all_labels_at_once_score_as_one_picture_a_label(sizes, n, n_classes, scale) -> None:
    network, images = _system(sizes, n, scale)
    expected = one_picture_a_label(network, images, n_classes)
    got = label_goodness(network, images, n_classes)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    np.testing.assert_array_equal(predicted_labels(network, images, n_classes), got.argmax(axis=1))


@pytest.mark.parametrize(("sizes", "n", "n_classes", "scale"), SYSTEMS)
def test_single_precision_has_six_digits(sizes, n, n_classes, scale) -> None:
    network, images = _system(sizes, n, scale)
    got = label_goodness(network, images.astype(np.float32), n_classes, dtype=np.float32)
    assert got.dtype == np.float32
    rounding = len(sizes) * sizes[0] * np.finfo(np.float32).eps  # of one sum of n_in terms a layer
    np.testing.assert_allclose(got, one_picture_a_label(network, images, n_classes), rtol=rounding)


def test_a_pixel_under_the_label_does_not_matter_and_one_beyond_does() -> None:
    network, images = _system((40, 30, 20), 6)
    under, beyond = images.copy(), images.copy()
    under[:, 9], beyond[:, 10] = 7.0, 7.0
    np.testing.assert_array_equal(label_goodness(network, under), label_goodness(network, images))
    assert not np.isclose(label_goodness(network, beyond), label_goodness(network, images), rtol=1e-4).any()


def test_a_layer_that_is_silent_stays_so() -> None:
    network, images = _system((40, 30, 20), 6)
    silent = ForwardForward((-np.abs(network.weights[0]), network.weights[1]), (-np.ones(30), np.ones(20)))
    for dtype in (np.float64, np.float32):
        np.testing.assert_array_equal(label_goodness(silent, images, dtype=dtype), 1.0)


@pytest.mark.parametrize(("shape", "n_classes"), [((3, 39), 10), ((40,), 10), ((3, 40), 41), ((3, 40), 0)])
def test_images_that_cannot_carry_the_labels_are_refused(shape, n_classes) -> None:
    network, _ = _system((40, 30), 1)
    with pytest.raises(ValueError, match="images must be rows of 40 pixels with room for"):
        label_goodness(network, np.zeros(shape), n_classes)
