"""Figures of chapters 4 and 5 draw, and their numbers are the theory's."""

import numpy as np
import pytest

from cl_theory.proof.figures.variance import (
    budget_numbers,
    design_curves,
    direction_plane,
    miscounts,
    plane_place,
    same_budget,
    same_variances,
    valleys,
)
from cl_theory.proof.systems.best_b_systems import THREE_LAWS
from cl_theory.proof.systems.real_models import real_models
from cl_theory.theory.estimators import moments as exact_moments

BARS = real_models()[0].moments


@pytest.mark.parametrize("name", ["shifted", "centred"])
def test_place_in_the_plane_says_which_side_of_one_half(name: str) -> None:
    moments = THREE_LAWS[name].moments.floats()
    across, up = plane_place(moments)
    assert (across + up > 0) == (exact_moments.optimal_p_positive(moments) > 0.5)
    assert (across > 0) == (moments.v_positive > moments.v_negative)


def test_valleys_mark_the_least_variance() -> None:
    figure = valleys()
    curve, best = figure.axes[0].lines[2], figure.axes[0].lines[3]
    assert best.get_ydata()[0] <= np.min(curve.get_ydata()) < 1.001 * best.get_ydata()[0]


def test_equal_variances_have_their_best_b_on_opposite_sides_of_one_half() -> None:
    figure = same_variances()
    _, shifted, centred = (line.get_xdata()[0] for line in figure.axes[0].lines[1:6:2])
    assert shifted < 0.5 < centred


def test_direction_plane_shows_every_law() -> None:
    texts = {text.get_text() for text in direction_plane().axes[0].texts}
    assert {"bars and\nstripes", "digits"} <= texts


def test_budget_bars_add_up_to_the_variance() -> None:
    figure = same_budget()
    within, counting = ([bar.get_width() for bar in group] for group in figure.axes[0].containers)
    expected = exact_moments.isd_trace(BARS, 0.5) / 2 / (BARS.v_positive + BARS.v_negative)
    assert within[1] + counting[1] == pytest.approx(expected)
    assert (within[0], counting[0]) == (1, 0)


def test_design_curves_touch_the_floor_where_the_count_is_fixed() -> None:
    figure = design_curves()
    coins, spread, alternating = (line.get_ydata() for line in figure.axes[0].lines[:3])
    assert np.ptp(coins) == pytest.approx(0, abs=1e-9)
    assert np.flatnonzero(np.isclose(spread, 1)).tolist() == [4, 9, 14, 19]
    np.testing.assert_allclose(alternating[1::2], 1)


def test_the_whole_batch_is_drawn_around_the_gradient_and_coins_reach_every_count() -> None:
    figure = miscounts()
    coins, spread = figure.axes
    assert (len(coins.patches), len(spread.patches)) == (8, 2)
    dashed, cross = coins.lines
    np.testing.assert_allclose(dashed.get_xydata()[:-1].mean(axis=0), cross.get_xydata()[0])


def test_on_the_real_models_two_phases_of_isd_cost_more_than_two_terms() -> None:
    numbers = budget_numbers()
    assert min(numbers["bars-half"], numbers["digits-half"]) > 1
    assert numbers["bars-apart"] < numbers["bars-shared"]
