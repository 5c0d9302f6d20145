"""Label units against enumeration of all label states."""

import numpy as np
import pytest

from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import label_probabilities, mean_label_units, predicted_labels
from cl_theory.learning.models.rbm import RBM, all_states

NETWORK = RBM.random(np.random.default_rng(0), 7, 4, 1.0)  # four pixels, three label units
PIXELS = all_states(4)[[2, 7, 15]]


def joint_weights(pixels: np.ndarray, network=NETWORK) -> np.ndarray:
    """exp(-E) summed over hidden states for each of the 8 label states, by loops over both."""
    table = np.zeros(8)
    for i, labels in enumerate(all_states(3)):
        for h in all_states(4):
            table[i] += np.exp(-network.energy(np.concatenate([pixels, labels]), h))
    return table


@pytest.mark.parametrize("network", [NETWORK, BoltzmannMachine.random(np.random.default_rng(2), 7, 4, 1.0)])
def test_one_hot_label_probabilities_are_ratios_of_enumerated_weights(network) -> None:
    expected = np.array([joint_weights(pixels, network)[[1, 2, 4]] for pixels in PIXELS])
    np.testing.assert_allclose(label_probabilities(network, PIXELS, 3), expected / expected.sum(axis=1, keepdims=True))


def test_the_clamped_chain_averages_the_free_label_units_to_their_exact_means() -> None:
    rows = np.repeat(PIXELS, 400, axis=0)
    found = mean_label_units(np.random.default_rng(1), NETWORK, rows, 3, n_steps=120, burn_in=40).reshape(3, 400, 3)
    for pixels, means in zip(PIXELS, found, strict=True):
        law = joint_weights(pixels) / joint_weights(pixels).sum()
        error = means.std(axis=0, ddof=1) / 20  # 400 independent chains
        assert (np.abs(means.mean(axis=0) - law @ all_states(3)) < 5.5 * error).all()


def test_a_chain_with_other_pixels_is_told_apart() -> None:
    rows = np.repeat(PIXELS[:1], 400, axis=0)
    means = mean_label_units(np.random.default_rng(1), NETWORK, rows, 3, n_steps=120, burn_in=40)
    law = joint_weights(PIXELS[1]) / joint_weights(PIXELS[1]).sum()
    assert (np.abs(means.mean(axis=0) - law @ all_states(3)) > 5.5 * means.std(axis=0, ddof=1) / 20).any()


def test_the_largest_unit_is_the_prediction() -> None:
    np.testing.assert_array_equal(predicted_labels(np.array([[0.1, 0.7, 0.2], [0.9, 0.0, 0.3]])), [1, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_labels": 7}, "n_labels must lie in 1 .. 6"),
        ({"n_labels": 2}, "rows of 5 units"),
        ({"n_steps": 0}, "n_steps"),
        ({"n_steps": 10, "burn_in": 10}, "burn_in must lie in 0 .. n_steps - 1 = 9, got 10"),
    ],
)
def test_label_arguments_that_cannot_work_are_refused(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_label_units(np.random.default_rng(0), NETWORK, PIXELS, **{"n_labels": 3, **arguments})
