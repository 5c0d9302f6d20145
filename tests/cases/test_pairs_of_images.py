"""What a pair of phases shares is what enumeration finds, and Adam moves as its moments say."""

import numpy as np
import pytest

from cl_theory.cases.pairs_of_images import adam_drift, mean_adam_step, pair_moments
from cl_theory.datasets.labels import with_label_pixels
from cl_theory.models.forward_forward import ForwardForward

RNG = np.random.default_rng(8)
NET = ForwardForward.random(RNG, (14, 5, 4), threshold=0.3)
IMAGES, LABELS = RNG.random((6, 14)), np.array([0, 3, 9, 3, 1, 7])


def one_gradient(image, label, positive):
    shown = with_label_pixels(image[None], np.array([label]))
    return NET.weighted_gradient(shown, np.array([positive]), np.ones(1))


def listed_pairs():
    """(g+, g-) of every image with every wrong label."""
    return [
        (one_gradient(image, true, True), one_gradient(image, wrong, False))
        for image, true in zip(IMAGES, LABELS, strict=True)
        for wrong in range(10)
        if wrong != true
    ]


def test_moments_are_those_of_all_pairs():
    up, down = (np.array(side) for side in zip(*listed_pairs(), strict=True))
    found = pair_moments(NET, IMAGES, LABELS)
    np.testing.assert_allclose(found.mean, (up - down).mean(axis=0), atol=1e-15)
    np.testing.assert_allclose(found.two_term_square, ((up - down) ** 2).mean(axis=0), atol=1e-15)
    np.testing.assert_allclose(found.isd_square(0.2), (up**2).mean(axis=0) / 0.2 + (down**2).mean(axis=0) / 0.8)
    both = (up**2).sum() + (down**2).sum()
    assert found.shared == pytest.approx(2 * (up * down).sum() / both)
    assert found.shared_by_all == pytest.approx(2 * len(up) * up.mean(axis=0) @ down.mean(axis=0) / both)


def test_half_of_isd_is_noisier_than_a_pair_by_what_the_pair_shares():
    found = pair_moments(NET, IMAGES, LABELS)
    ratio = found.isd_square().sum() / 2 / found.two_term_square.sum()
    assert ratio == pytest.approx(1 / (1 - found.shared))


@pytest.mark.parametrize(("isd", "square"), [(False, "two_term_square"), (True, "isd_square")])
def test_adam_drifts_as_its_moments_say_and_not_as_the_other_estimator_does(isd, square):
    moments = pair_moments(NET, IMAGES, LABELS)
    of = {"two_term_square": moments.two_term_square, "isd_square": moments.isd_square()}
    along = moments.mean
    repeats = [mean_adam_step(np.random.default_rng(k), NET, IMAGES, LABELS, 4000, isd=isd) @ along for k in range(8)]
    error = np.std(repeats, ddof=1) / np.sqrt(len(repeats))
    expected = {name: adam_drift(along, values) @ along for name, values in of.items()}
    other = next(name for name in of if name != square)
    assert abs(np.mean(repeats) - expected[square]) < 5 * error + 0.02 * expected[square]
    assert abs(np.mean(repeats) - expected[other]) > 5 * error + 0.02 * expected[square]


def test_a_coordinate_that_never_moves_has_no_drift():
    np.testing.assert_array_equal(adam_drift(np.array([0.0, 1.0]), np.array([0.0, 4.0])), [0.0, 0.5])
