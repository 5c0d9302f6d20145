"""The two noises of a test error are those of drawn networks and drawn images."""

import numpy as np
import pytest

from cl_theory.proof.checks.comparisons import difference
from cl_theory.proof.experiments.retraced import TwoNoises


def test_drawn_networks_and_images_have_these_noises():
    rng = np.random.default_rng(2)
    rates = rng.normal(0.3, 0.01, 400)
    found = TwoNoises(rates, 10_000)
    assert found.of_seeds == pytest.approx(0.01, rel=0.1)
    assert found.of_images == pytest.approx(np.std(rng.binomial(10_000, 0.3, 4000) / 10_000), rel=0.05)
    assert found.of_mean == pytest.approx(0.01 / 20, rel=0.1)


def test_intervals_hold_what_they_are_of():
    found = TwoNoises(np.array([0.25, 0.28, 0.31, 0.30, 0.29]), 400)
    for estimate, low, high in found.intervals.values():
        assert low < estimate < high
    assert found.intervals["one network"][0] == 0.25
    assert found.intervals["mean over seeds"][0] == pytest.approx(0.286)


def test_so_many_seeds_show_the_difference_in_four_cases_out_of_five():
    rng, n = np.random.default_rng(3), TwoNoises(np.array([0.0, 1.0, 2.0]), 1).seeds_to_see(0.9)
    seen = [difference(rng.normal(0.9, 1, n), rng.normal(0, 1, n), 0.95).low > 0 for _ in range(1000)]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.06)
