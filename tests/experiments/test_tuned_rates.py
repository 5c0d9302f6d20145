"""The learning rates of the comparisons are the best of their grids in the stored tuning runs."""

import pytest

from cl_theory.proof.experiments.registered import boltzmann, rates
from cl_theory.proof.experiments.results import best_rate, results

TUNED = {
    "bars-tuning": (rates.BARS, "nll"),
    "bars-b-tuning": (rates.BARS_AT_B, "nll"),
    "mnist-tuning": (rates.MNIST, "error"),
    "digits-tuning": (rates.DIGITS, "error"),
    "nets-tuning": (rates.NETS, "error"),
    "nets-centred-tuning": (rates.NETS_CENTRED, "error"),
    "boltzmann-tuning": (boltzmann.CHOSEN, "nll"),
}


@pytest.mark.parametrize("tuning", TUNED)
def test_each_rate_is_the_best_of_its_grid(tuning):
    chosen, measure = TUNED[tuning]
    assert {arm: best_rate(results(tuning), arm, measure) for arm in chosen} == chosen


def test_another_rate_would_be_noticed():
    assert best_rate(results("bars-tuning"), "isd", "nll") != 2 * rates.BARS["isd"]
