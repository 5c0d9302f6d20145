"""Forward-forward: goodness, losses and their layer-local gradients against loops and finite differences."""

import numpy as np
import pytest

from cl_theory.learning.models.forward_forward import ForwardForward, direction, label_goodness, predicted_labels

NETWORK = ForwardForward.random(np.random.default_rng(0), (7, 5, 4), threshold=0.5)
X = np.random.default_rng(1).uniform(0, 1, (6, 7))
SIGNS = np.array([True, False, True, True, False, False])


def goodness_by_loops(network: ForwardForward, x: np.ndarray) -> list[float]:
    """Goodness of each layer for one input, unit by unit."""
    found, below = [], list(x)
    for weights, biases in zip(network.weights, network.biases, strict=True):
        length = sum(value**2 for value in below) ** 0.5
        unit = [value / length if length else 0.0 for value in below]
        drive = [sum(w * u for w, u in zip(row, unit, strict=True)) for row in weights]
        below = [max(0.0, a + c) for a, c in zip(drive, biases, strict=True)]
        found.append(sum(value**2 for value in below) / len(below))
    return found


def test_goodness_is_the_mean_square_of_a_layer_fed_with_directions() -> None:
    by_loops = [goodness_by_loops(NETWORK, x) for x in X]
    np.testing.assert_allclose(NETWORK.goodness(X), by_loops, rtol=1e-6)


def test_the_loss_is_small_when_goodness_is_on_the_right_side() -> None:
    loss = NETWORK.layer_losses(X, SIGNS)
    gap = 0.5 - NETWORK.goodness(X)
    np.testing.assert_allclose(loss, np.log1p(np.exp(np.where(SIGNS[:, None], gap, -gap))), rtol=1e-12)


def test_the_loss_stays_finite_where_an_exponential_would_not() -> None:
    loud = ForwardForward((np.full((3, 2), 1e3),), (np.zeros(3),), 2.0)
    loss = loud.layer_losses(np.ones((2, 2)), np.array([True, False]))[:, 0]
    assert loss[0] == 0
    assert loss[1] == pytest.approx(2e6 - 2, rel=1e-6)
    assert np.isfinite(loud.weighted_gradient(np.ones((2, 2)), np.array([True, False]), np.ones(2))).all()


def local_slope(network: ForwardForward, x: np.ndarray, positive: bool) -> np.ndarray:
    """Finite difference of each layer's loss in that layer's own parameters, its input held as it was."""
    below, parts = x[None], []
    for weights, biases in zip(network.weights, network.biases, strict=True):
        layer = ForwardForward((weights,), (biases,), network.threshold)
        slope = np.empty(layer.flat.size)
        for i, e in enumerate(1e-6 * np.eye(layer.flat.size)):
            up, down = (layer.with_flat(layer.flat + s * e).layer_losses(below, np.array([positive])) for s in (1, -1))
            slope[i] = (up - down).item() / 2e-6
        parts.append(slope)
        below = layer.activities(below)[0]
    return np.concatenate(parts)


def test_each_layer_sees_the_gradient_of_its_own_loss_only() -> None:
    rng = np.random.default_rng(2)
    weights = rng.normal(size=6)
    losses = [local_slope(NETWORK, x, bool(s)) for x, s in zip(X, SIGNS, strict=True)]
    signed = [w * (g if s else -g) for w, g, s in zip(weights, losses, SIGNS, strict=True)]
    np.testing.assert_allclose(NETWORK.weighted_gradient(X, SIGNS, weights), np.sum(signed, axis=0), atol=1e-8)


def test_the_length_of_the_input_does_not_matter() -> None:
    np.testing.assert_allclose(NETWORK.goodness(X), NETWORK.goodness(100 * X), rtol=1e-5)
    assert not direction(np.zeros((1, 3))).any()


def test_flat_parameters_go_there_and_back() -> None:
    other = ForwardForward.random(np.random.default_rng(9), (7, 5, 4))
    np.testing.assert_array_equal(other.with_flat(NETWORK.flat).flat, NETWORK.flat)
    assert NETWORK.flat.size == 7 * 5 + 5 + 5 * 4 + 4
    with pytest.raises(ValueError, match="shape"):
        NETWORK.with_flat(NETWORK.flat[1:])


def test_a_label_is_scored_by_the_goodness_of_the_image_that_carries_it() -> None:
    scores = label_goodness(NETWORK, X, n_classes=3)
    carried = X.copy()
    carried[:, :3] = [0, 1, 0]
    np.testing.assert_allclose(scores[:, 1], NETWORK.goodness(carried).sum(axis=1))
    np.testing.assert_array_equal(predicted_labels(NETWORK, X, 3), scores.argmax(axis=1))


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ((), (), "bias per layer"),
        ((np.zeros((2, 3)),), (np.zeros(3),), "layer 0 must have"),
        ((np.zeros((2, 3)), np.zeros((2, 3))), (np.zeros(2), np.zeros(2)), "layer 1 must take 2 inputs"),
        ((np.full((2, 3), np.inf),), (np.zeros(2),), "finite"),
    ],
)
def test_layers_that_do_not_fit_are_refused(weights, biases, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ForwardForward(weights, biases)


def test_sizes_and_thresholds_that_make_no_network_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        ForwardForward.random(np.random.default_rng(0), (784,))
    with pytest.raises(ValueError, match="threshold"):
        ForwardForward.random(np.random.default_rng(0), (7, 5), threshold=0)
