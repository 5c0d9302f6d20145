"""Figures of trade-offs show what they are given: prices along training, and phases against rows."""

import numpy as np

from cl_theory.proof.figures.experiments import exchange, price_of_locality
from cl_theory.proof.figures.runs import arm_colour


def test_each_estimator_has_its_prices_its_name_and_its_line() -> None:
    phases = np.array([100, 200])
    ratios = {"ISD, b = 0.5": np.array([1.5, 1.4]), "centred ISD, b = 0.5": np.array([1.0, 1.1])}
    axis = price_of_locality(phases, ratios).axes[0]
    one, plain, centred = axis.lines
    assert set(one.get_ydata()) == {1}
    assert [line.get_ydata().tolist() for line in (plain, centred)] == [[1.5, 1.4], [1.0, 1.1]]
    assert plain.get_linestyle() != centred.get_linestyle()
    assert [text.get_text() for text in axis.texts] == list(ratios)


def test_exchange_shows_seeds_means_and_what_is_expected() -> None:
    used = {"b = 0.2": (np.array([100.0, 140.0]), np.array([20.0, 28.0]))}
    axis = exchange(used, goal="the end", expected=110.0).axes[0]
    seeds, mean, expected = axis.lines
    assert seeds.get_xdata().tolist() == [100, 140]
    assert (*mean.get_xdata(), *mean.get_ydata()) == (120, 24)
    assert set(expected.get_xdata()) == {110}
    assert mean.get_color() == arm_colour("b = 0.2")
    assert axis.get_xlabel() == "phases to the end"
    assert axis.get_xlim()[1] > 140
