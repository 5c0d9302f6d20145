"""Pictures of a baseline show what the theorem says."""

import numpy as np

from cl_theory.proof.figures import variance as centring


def enclosed(line):
    """Area within a closed line."""
    x, y = line.get_data()
    return abs(np.trapezoid(y, x))


def test_ellipses_shrink_towards_the_best_baseline():
    _, right = centring.baselines_in_a_plane().axes
    without, half, best = map(enclosed, right.lines[:3])
    assert without > half > best


def test_best_rates_grow_like_the_two_thirds_power_of_the_drift():
    _, right = centring.learned_baselines().axes
    rates = [line.get_xdata()[0] for line in right.lines if line.get_marker() == "o"]
    ratios = np.log(np.divide(rates[1:], rates[:-1])) / np.log(np.divide(centring.DRIFTS[1:], centring.DRIFTS[:-1]))
    np.testing.assert_allclose(ratios, 2 / 3, atol=0.03)
