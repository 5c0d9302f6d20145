"""Figures of Part III show what is stored: means, errors, chosen rates, decisions, the margin around the best b."""

import numpy as np
import pytest

from cl_theory.proof.checks.criteria import Criterion, decide
from cl_theory.proof.experiments.definition import Seeds
from cl_theory.proof.experiments.measures import FinalMeasure, Measure
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.results import ArmResults, Results
from cl_theory.proof.figures.runs import (
    ByB,
    arm_colour,
    arm_line,
    b_colour,
    by_b,
    by_estimator,
    drift_a_phase,
    effects,
    equal_drift,
    estimators,
    final_values,
    learning_curves,
    tuning_curves,
)
from cl_theory.proof.figures.style import COLOURS

N_SEEDS = 6
PHASES = np.array([0.0, 100.0, 200.0])


def arm(name: str, shift: float = 0.0) -> ArmResults:
    """Loss 10, 5, 1 and a shift, and a seed's own number on top."""
    table = np.array([10.0, 5.0, 1.0])[:, None] + shift + np.arange(N_SEEDS)
    axes, curves = {"phases": PHASES, "steps": 200 * PHASES, "updates": PHASES}, {"nll": table.tolist()}
    return ArmResults(name, Seeds(0, N_SEEDS), axes, curves, {}, [], core_seconds=1.0)


def tuning_results() -> Results:
    losses = {0.1: 3.0, 0.2: 1.0, 0.4: 2.0}
    arms = {f"isd @ {rate:g}": arm(f"isd @ {rate:g}", loss) for rate, loss in losses.items()}
    return Results(experiment("bars-tuning"), arms, {})


def drawn(axis) -> list:
    """Lines whose labels the legend shows."""
    return [line for line in axis.lines if not line.get_label().startswith("_")]


def test_every_estimator_has_its_own_colour() -> None:
    names = ["two-term", "isd", "centred-isd", "always-on, fixed", "centred always-on, fixed", "b = 0.1", "b = 0.9"]
    assert len({arm_colour(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("arm_name", "words", "colour"),
    [
        ("two-term, cd", "two terms", COLOURS["two_term"]),
        ("isd @ 0.005", "ISD", COLOURS["isd"]),
        ("centred-isd, rate of two-term", "centred ISD", COLOURS["centred"]),
        ("isd, rate of two-term", "ISD at the two-term rate", COLOURS["isd"]),
        ("b = 0.5", "end of phase", COLOURS["isd"]),
        ("always-on, geometric", "Always-on", COLOURS["always_on"]),
        ("something else", "data", COLOURS["reference"]),
    ],
)
def test_an_arm_and_its_name_in_words_share_a_colour(arm_name: str, words: str, colour: str) -> None:
    assert arm_colour(arm_name) == arm_colour(words) == colour


def test_an_arm_at_the_rate_of_another_keeps_its_own_colour() -> None:
    assert arm_colour("isd, rate of two-term") == COLOURS["isd"]
    assert arm_line("isd, rate of two-term") != arm_line("isd")


def test_colours_of_b_change_in_straight_lines_and_end_at_0_and_1() -> None:
    assert b_colour(0.3) == "#b565a7"
    assert b_colour(0.4)[:3] == "#c5"  # half-way from b5 to d5
    with pytest.raises(ValueError, match=r"strictly between 0 and 1, got 1\.0"):
        b_colour(1.0)


def test_curves_are_means_times_the_factor_and_the_floor_is_drawn() -> None:
    figure = learning_curves({"ISD": arm("isd")}, Measure("nll", "loss", factor=2.0, floor=1.0))
    mean, floor = drawn(figure.axes[0])
    np.testing.assert_allclose(mean.get_ydata(), 2 * (np.array([10, 5, 1]) + 2.5))
    assert floor.get_ydata()[0] == 1.0
    assert mean.get_label() == "ISD"


def test_the_band_is_two_standard_errors_wide() -> None:
    figure = learning_curves({"ISD": arm("isd")}, Measure("nll", "loss"))
    band = figure.axes[0].collections[0].get_paths()[0].get_extents()
    error = np.std(np.arange(N_SEEDS), ddof=1) / np.sqrt(N_SEEDS)
    assert band.ymax - band.ymin == pytest.approx(9 + 4 * error)


def test_curves_along_two_axes_have_a_panel_each() -> None:
    figure = learning_curves({"ISD": arm("isd")}, Measure("nll", "loss"), along=("phases", "steps"))
    assert [axis.get_xlabel() for axis in figure.axes] == ["phases", "steps of the network"]
    assert drawn(figure.axes[1])[0].get_xdata()[-1] == 40_000


def test_final_values_show_every_seed_and_the_mean() -> None:
    figure = final_values(
        {"two-term": np.arange(5.0), "ISD": np.arange(5.0) + 1}, Measure("nll", "loss", floor=0.0), label="loss"
    )
    axis = figure.axes[0]
    assert [text.get_text() for text in axis.get_yticklabels()] == ["two-term", "ISD"]
    seeds, _, mean = axis.lines[3:6]
    assert sorted(seeds.get_xdata()) == [1, 2, 3, 4, 5]
    assert mean.get_xdata() == [pytest.approx(3)]


def test_tuning_rings_the_rate_with_the_least_mean() -> None:
    figure = tuning_curves(tuning_results(), {"isd": "ISD"}, Measure("nll", "loss"))
    ring = next(line for line in figure.axes[0].lines if line.get_label() == "_chosen")
    assert ring.get_xdata() == [0.2]
    assert ring.get_ydata()[0] == pytest.approx(1 + 1 + 2.5)


def test_effects_show_where_each_criterion_is_met() -> None:
    spread = np.linspace(-0.1, 0.1, 8)
    below = Criterion("loss", "a is less than 5 above b", 5.0, "below", "nats")
    factor = Criterion("time", "a takes longer", 0.0, "above", "log units")
    outcomes = [decide(below, spread + 2, spread), decide(factor, spread - 1, spread)]
    figure = effects(outcomes)
    assert [axis.get_yticklabels()[0].get_text() for axis in figure.axes] == ["loss", "time"]
    shaded = [axis.collections[0].get_paths()[0].get_extents() for axis in figure.axes]
    assert (shaded[0].xmax, shaded[1].xmin) == (5.0, 0.0)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["met", "contradicted"]


def test_effects_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one criterion"):
        effects([])


def test_two_term_learning_moves_half_its_rate_a_phase() -> None:
    half = ArmResults("x", Seeds(0, 1), {"phases": PHASES, "updates": PHASES / 2}, {}, {}, [], core_seconds=1.0)
    assert drift_a_phase(0.4, half) == pytest.approx(0.2)


def test_equal_drift_has_a_panel_for_each_summary_and_every_rate_in_it() -> None:
    found = tuning_results()
    figure = equal_drift(
        found, {"isd": "ISD"}, {"loss": lambda one: one.last("nll"), "twice": lambda one: 2 * one.last("nll")}
    )
    (places, losses), (_, twice) = (np.array(axis.containers[0][0].get_data(), dtype=float) for axis in figure.axes)
    np.testing.assert_allclose(places, [0.1, 0.2, 0.4])
    np.testing.assert_allclose(losses, np.array([3.0, 1, 2]) + 3.5)
    np.testing.assert_allclose(twice, 2 * losses)


def test_estimators_are_named_in_words_with_their_optimiser() -> None:
    assert estimators()["centred-isd"] == "centred ISD"
    assert estimators("adam")["isd, adam"] == "ISD, Adam"
    stored = Results(experiment("digits-nets"), {name: arm(name) for name in estimators("sgd")}, {})
    assert list(by_estimator(stored, "sgd")) == ["two-term, SGD", "ISD, SGD", "centred ISD, SGD"]


def test_values_by_name_and_words_have_a_row_each() -> None:
    pair = {"stated": np.arange(5.0), "changed": np.arange(5.0) + 1}
    figure = final_values({"ISD": pair, "two-term": np.arange(5.0)}, label="error")
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["ISD, stated", "ISD, changed", "two-term"]


def test_what_is_stored_of_the_end_only_is_the_same_whatever_the_length() -> None:
    last = FinalMeasure("test_error", "final test error", factor=100)
    ended = ArmResults("isd", Seeds(0, 2), {}, {}, {"test_error": [0.1, 0.2]}, [], core_seconds=1.0)
    np.testing.assert_allclose(last(ended), [10.0, 20.0])
    assert last.label_after(100) == last.label_after(200) == "final test error"


VALUES = {0.2: np.arange(5.0) + 4, 0.5: np.arange(5.0), 0.8: np.arange(5.0) + 1}


def test_every_mean_is_drawn_in_its_panel() -> None:
    other = {b: found + 10 for b, found in VALUES.items()}
    figure = by_b(
        {"bars": ByB("nats", {"one rate": VALUES, "own rates": other}), "MNIST": ByB("error", {"one rate": VALUES})}
    )
    marks = [
        [(x, y) for line in axis.lines if line.get_marker() in "oD" for x, y in line.get_xydata()]
        for axis in figure.axes
    ]
    assert {(0.2, 6.0), (0.5, 2.0), (0.8, 3.0)} <= set(marks[0]) & set(marks[1])
    assert {y for _, y in marks[0]} >= {16.0, 12.0, 13.0}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["one rate", "own rates"]


def test_the_margin_begins_at_the_best_mean_of_the_first_series() -> None:
    figure = by_b({"bars": ByB("nats", {"one rate": VALUES}, margin=3.0, predicted=(np.array([0.2, 0.8]), np.ones(2)))})
    band = figure.axes[0].collections[0].get_paths()[0].get_extents()
    assert (band.x0, band.x1, band.y0, band.y1) == (0.2, 0.8, 2.0, 5.0)


def test_a_b_at_which_runs_diverged_is_marked_and_has_no_mean() -> None:
    figure = by_b({"bars": ByB("nats", {"one rate": {**VALUES, 0.9: np.array([1.0, np.nan])}})})
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "X"]
    assert [line.get_xdata()[0] for line in crosses] == [0.9]
    assert not any(0.85 < x < 0.95 for line in figure.axes[0].lines if line not in crosses for x in line.get_xdata())
