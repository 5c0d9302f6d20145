"""What a pair of phases shares is what enumeration finds, and Adam moves as its moments say."""

import numpy as np
import pytest

from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.learning.models.images import with_label_pixels
from cl_theory.proof.systems.run_systems import (
    adam_drift,
    label_error,
    living_units,
    mean_adam_step,
    measured_drift,
    pair_moments,
)

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


def test_around_the_centre_isd_has_the_least_noise_and_moves_silent_units():
    up, down = (np.array(side) for side in zip(*listed_pairs(), strict=True))
    found = pair_moments(NET, IMAGES, LABELS)
    around = 2 * ((up - found.centre) ** 2 + (down - found.centre) ** 2).mean(axis=0)
    np.testing.assert_allclose(found.centred_square, around, atol=1e-15)
    beside = 2 * ((up - 1.01 * found.centre) ** 2 + (down - 1.01 * found.centre) ** 2).mean(axis=0)
    assert beside.sum() > around.sum()
    moved_while_off = sum(4 * found.centre**2 * unit_is_off(side) for phase in (up, down) for side in phase)
    expected = moved_while_off.sum() / (2 * len(up)) / around.sum()
    assert 0.01 < expected < 0.99
    assert found.noise_of_silence == pytest.approx(expected)


def unit_is_off(gradient):
    """For each parameter, whether its unit has a gradient of 0 throughout: its inputs are positive."""
    net = NET.with_flat(gradient)
    off = [(w == 0).all(axis=1) & (c == 0) for w, c in zip(net.weights, net.biases, strict=True)]
    sizes = [w.shape[1] for w in net.weights]
    return np.concatenate([np.concatenate([np.repeat(row, n), row]) for row, n in zip(off, sizes, strict=True)])


def test_a_unit_lives_while_it_is_on_for_some_image():
    with_unit = [NET.with_flat(NET.flat.copy()) for _ in range(2)]
    for net, bias in zip(with_unit, (1.0, -3.0), strict=True):
        net.weights[0][1], net.biases[0][1] = 0.5, bias  # inputs have length one: off for all at -3
    on, off = (living_units(net, IMAGES, LABELS)[0] for net in with_unit)
    assert on - off == pytest.approx(1 / 5)
    one_by_one = [living_units(NET, IMAGES[k : k + 1], LABELS[k : k + 1]) for k in range(len(IMAGES))]
    assert (living_units(NET, IMAGES, LABELS) >= np.max(one_by_one, axis=0)).all()


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


def test_a_held_net_drifts_as_far_as_the_moments_say():
    moments = pair_moments(NET, IMAGES, LABELS)
    seen, error = measured_drift(NET, IMAGES, LABELS, moments.mean, 2000, 4)
    assert abs(seen - moments.drift) < 5 * error + 0.03 * moments.drift
    assert moments.centred_drift > moments.drift


def test_an_error_is_a_label_that_another_one_outdoes():
    shown = [with_label_pixels(IMAGES, np.full(len(IMAGES), label)) for label in range(10)]
    best = np.argmax([NET.goodness(x).sum(axis=1) for x in shown], axis=0)
    assert label_error(NET, IMAGES, best) == 0
    assert label_error(NET, IMAGES, (best + 1) % 10) == 1
