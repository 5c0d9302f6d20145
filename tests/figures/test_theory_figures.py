"""Figures of chapters 1 to 6, 23 and 24 show what the formulas say, and their numbers are the theory's."""

import numpy as np
import pytest

from cl_theory.learning.models.rbm import RBM, all_states
from cl_theory.proof.figures import variance as centring
from cl_theory.proof.figures.always_on import SEEN_AND_DREAMT, seen_and_dreamt, split_steps, two_lengths
from cl_theory.proof.figures.estimators import (
    ESTIMATE_CLOUDS,
    estimate_clouds,
    learned_coin,
    model_clouds,
    plane_of_means,
)
from cl_theory.proof.figures.phases import settled_shift, two_roads
from cl_theory.proof.figures.timelines import ISD_TIMELINE, TWO_TERM_TIMELINE, isd_timeline, two_term_timeline
from cl_theory.proof.figures.variance import (
    EXCESS_CURVES,
    ONE_PAIR,
    budget_numbers,
    design_curves,
    direction_plane,
    excess_curves,
    miscounts,
    one_pair,
    plane_place,
    same_budget,
    same_variances,
    valleys,
)
from cl_theory.proof.systems.best_b_systems import THREE_LAWS
from cl_theory.proof.systems.real_models import RealModel, real_models
from cl_theory.theory.estimators import moments as exact_moments


def small_model() -> RealModel:
    return RealModel("small", RBM.random(np.random.default_rng(3), 5, 4), all_states(5)[:9])


def test_the_plane_of_means_holds_both_means() -> None:
    moments, plane = small_model().moments, plane_of_means(small_model(), 0.3)
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-12)
    for mean in (moments.mean_positive, moments.mean_negative):
        assert np.linalg.norm(plane @ mean) == pytest.approx(np.linalg.norm(mean))


def test_the_star_is_where_the_lever_balances() -> None:
    figure = estimate_clouds(np.zeros((3, 2)), np.ones((3, 2)), np.array([[10.0, 0.0], [0.0, 10.0]]), 0.3)
    star = figure.axes[0].collections[-1].get_offsets()[0]
    np.testing.assert_allclose(star, [3.0, 7.0])


def test_the_star_of_a_model_is_its_gradient() -> None:
    model = small_model()
    figure = model_clouds(model, 0.3, n=20)
    star = figure.axes[0].collections[-1].get_offsets()[0]
    np.testing.assert_allclose(star, plane_of_means(model, 0.3) @ model.moments.mean, atol=1e-12)


def test_the_touching_curve_touches_zero_at_its_own_b() -> None:
    *others, flat = [line for line in excess_curves().axes[0].lines if len(line.get_xdata()) > 2]
    assert flat.get_xdata()[np.argmin(flat.get_ydata())] == pytest.approx(0.3, abs=0.003)
    assert min(flat.get_ydata()) == pytest.approx(0, abs=1e-4)
    moments = real_models()[0].moments
    expected = exact_moments.isd_excess_trace(moments, 0.5) / np.trace(exact_moments.two_term_covariance(moments))
    assert others[0].get_ydata()[94] == pytest.approx(expected)


def test_what_is_seen_and_dreamt_has_a_row_for_each_stage_of_learning() -> None:
    labels = [axis.get_ylabel() for axis in seen_and_dreamt().axes if axis.get_ylabel()]
    assert labels == ["before", "6 steps later"]


def test_only_the_two_term_time_line_keeps_anything() -> None:
    kept, nothing = two_term_timeline().axes[1], isd_timeline().axes[1]
    assert len(kept.patches) == 3
    assert not nothing.patches


def test_one_pair_can_be_drawn_and_every_figure_has_words() -> None:
    assert one_pair().axes
    texts = [ESTIMATE_CLOUDS, EXCESS_CURVES, ONE_PAIR, SEEN_AND_DREAMT, TWO_TERM_TIMELINE, ISD_TIMELINE]
    assert all(len(text) > 80 for text in texts)


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


def test_at_half_the_rate_the_ends_of_two_roads_are_four_times_as_close() -> None:
    far, near = (
        np.linalg.norm(np.subtract(*(line.get_xydata()[-1] for line in axis.lines[:2]))) for axis in two_roads().axes
    )
    assert far / near == pytest.approx(4)


def test_settled_means_close_in_on_the_lines_of_the_theory() -> None:
    def gap(rate: float) -> float:
        lines = settled_shift(rate).axes[0].lines[:-1]
        return max(
            np.ptp(dots.get_ydata() - line.get_ydata()) for dots, line in zip(lines[::2], lines[1::2], strict=True)
        )

    assert gap(0.001) == pytest.approx(gap(0.01) / 10, rel=0.2)


@pytest.mark.parametrize("picture", [learned_coin, two_lengths])
def test_exact_dots_close_in_on_their_dashed_limits(picture) -> None:
    lines = picture().axes[0].lines
    for dots, limit in zip(lines[::2], lines[1::2], strict=True):
        ratio = np.asarray(dots.get_ydata()) / np.asarray(limit.get_ydata())
        assert abs(ratio[-1] - 1) < 0.1 < abs(ratio[0] - 1)


def test_the_dots_of_a_split_lie_at_the_foot_of_the_curve_of_single_phases() -> None:
    curve, dot = split_steps().axes[0].lines[:2]
    assert dot.get_ydata()[0] == pytest.approx(min(curve.get_ydata()), rel=0.02)
