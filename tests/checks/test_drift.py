"""Kernels that must leave their law alone."""

import numpy as np
import pytest

from cl_theory.proof.checks.monte_carlo import draws_for_drift, no_drift, total_variation_floor

LAW = np.array([0.1, 0.2, 0.3, 0.4])


def draw(rng, n):
    return rng.choice(4, size=n, p=LAW)


def metropolis(rng, states):
    proposal = rng.integers(4, size=states.shape)
    accepted = rng.random(states.shape) < LAW[proposal] / LAW[states]
    return np.where(accepted, proposal, states)


def drifted(kernel, n=20_000, **options):
    return no_drift(np.random.default_rng(3), draw, kernel, LAW, n=n, scope="kernel", **options)


def test_a_right_kernel_stays_near_the_floor():
    outcome = drifted(metropolis)
    assert outcome.passed is True
    assert max(outcome.details["ratio"]) < 2.5
    assert outcome.smallest_error < 0.06


def test_a_kernel_that_halves_a_probability_turns_red():
    def forgetful(rng, states):
        moved = metropolis(rng, states)
        return np.where((moved == 3) & (rng.random(states.shape) < 0.5), states, moved)

    outcome = drifted(forgetful)
    assert outcome.passed is False
    assert max(outcome.details["ratio"]) > 5


def test_rows_of_units_are_read_as_bits():
    def units(rng, n):
        return np.repeat(rng.random((n, 1)) < 0.6, 2, axis=1).astype(float)

    law = np.array([0.4, 0.0, 0.0, 0.6])  # both units off, or both on
    outcome = no_drift(np.random.default_rng(1), units, lambda r, s: s, law, n=5000, scope="bits")
    assert outcome.passed is True
    flipped = no_drift(np.random.default_rng(1), units, lambda r, s: 1 - s, law, n=5000, scope="flip")
    assert flipped.passed is False


def test_the_floor_is_the_mean_distance_of_multinomial_histograms():
    counts = np.random.default_rng(4).multinomial(50, LAW, size=200_000)
    simulated = np.abs(counts / 50 - LAW).sum(1).mean() / 2
    assert total_variation_floor(LAW, 50) == pytest.approx(simulated, rel=0.01)


def test_too_few_draws_are_inconclusive_and_planned_ones_are_enough():
    assert drifted(lambda rng, states: states, n=30).passed is None
    n = draws_for_drift(LAW, 0.05)
    assert drifted(metropolis, n=n).smallest_error <= 0.05


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: drifted(lambda rng, states: states + 7), "integers in 0..3"),
        (lambda: drifted(lambda rng, states: states[:5]), r"got shape \(5,\)"),
        (lambda: no_drift(None, draw, metropolis, [0.5, 0.4], n=10, scope="s"), "sum to one"),
        (lambda: draws_for_drift(LAW, 0.0), "distance must be"),
    ],
)
def test_bad_kernels_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
