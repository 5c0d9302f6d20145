"""Annealed importance sampling against enumeration, and label units against a sum over all their states."""

import numpy as np
import pytest

from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import (
    LogPartitionEstimate,
    annealed_log_partition,
    annealed_negative_log_likelihood,
    label_probabilities,
    mean_label_units,
    predicted_labels,
)
from cl_theory.learning.models.rbm import RBM, all_states

NETWORKS = [
    RBM.random(np.random.default_rng(0), 6, 4, 1.0),
    BoltzmannMachine.random(np.random.default_rng(1), 5, 4, 1.0),
]
LIMIT = 5.5  # standard errors: a false alarm in 10^7 runs


def z_of_the_partition_function(network, estimate: LogPartitionEstimate) -> float:
    """How many standard errors the estimate of Z (not of log Z, which is biased) is off."""
    return (np.exp(estimate.log_partition - network.log_partition()) - 1) / estimate.standard_error


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("n_temperatures", [1, 10, 300])
def test_the_partition_function_is_estimated_without_bias_for_any_number_of_steps(network, n_temperatures) -> None:
    estimate = annealed_log_partition(np.random.default_rng(2), network, n_chains=8000, n_temperatures=n_temperatures)
    assert abs(z_of_the_partition_function(network, estimate)) < LIMIT


@pytest.mark.parametrize("network", NETWORKS)
def test_the_same_check_sees_an_error_of_one_percent_in_the_partition_function(network) -> None:
    estimate = annealed_log_partition(np.random.default_rng(2), network, n_chains=8000, n_temperatures=300)
    wrong = LogPartitionEstimate(estimate.log_partition + np.log(1.01), estimate.standard_error, 1.0, 8000)
    assert abs(z_of_the_partition_function(network, wrong)) > LIMIT


def test_the_standard_error_is_the_spread_of_repeated_estimates() -> None:
    network, rng = NETWORKS[0], np.random.default_rng(3)
    runs = [annealed_log_partition(rng, network, n_chains=100, n_temperatures=20) for _ in range(200)]
    spread = np.std([run.log_partition for run in runs], ddof=1)
    claimed = np.mean([run.standard_error for run in runs])
    assert claimed == pytest.approx(spread, rel=0.3)  # 200 runs know their spread to 5 %: six standard errors


def test_more_temperatures_and_a_better_start_lower_the_error() -> None:
    network = NETWORKS[0]
    few, many = (
        annealed_log_partition(np.random.default_rng(4), network, n_chains=2000, n_temperatures=n) for n in (3, 100)
    )
    assert many.standard_error < few.standard_error
    assert few.effective_sample_size < many.effective_sample_size <= 2000


def test_independent_units_are_known_without_error() -> None:
    base = RBM(np.zeros((3, 4)), np.array([0.5, -1.0, 2.0, 0.0]), np.zeros(3))
    estimate = annealed_log_partition(
        np.random.default_rng(5), base, n_chains=2, n_temperatures=1, base_visible_bias=base.visible_bias
    )
    assert estimate.log_partition == pytest.approx(base.log_partition(), rel=1e-14)
    assert estimate.standard_error == pytest.approx(0, abs=1e-14)


def test_the_likelihood_of_data_is_within_its_error_of_the_exact_one() -> None:
    network, data = NETWORKS[0], all_states(6)[[0, 3, 3, 17, 63]]
    nll, error = annealed_negative_log_likelihood(
        np.random.default_rng(6), network, data, n_chains=2000, n_temperatures=100
    )
    assert abs(nll - network.negative_log_likelihood(data)) < LIMIT * error
    assert 0 < error < 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_chains": 1}, "at least 2"),
        ({"n_temperatures": 0}, "n_temperatures"),
        ({"base_visible_bias": np.zeros(3)}, "base_visible_bias"),
    ],
)
def test_arguments_that_give_no_estimate_are_refused(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        annealed_log_partition(np.random.default_rng(0), NETWORKS[0], **arguments)


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
