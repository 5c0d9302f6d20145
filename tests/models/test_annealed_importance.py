"""Annealed importance sampling against enumeration, with its error bars put to the test."""

import numpy as np
import pytest

from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import (
    LogPartitionEstimate,
    annealed_log_partition,
    annealed_negative_log_likelihood,
)
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.states import all_states

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
    wrong = LogPartitionEstimate(estimate.log_partition + np.log(1.01), estimate.standard_error, 1.0, 8000)
    if n_temperatures == 300:  # the same check sees an error of one per cent
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
