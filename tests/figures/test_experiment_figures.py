"""Figures of single chapters of Part III show what they are given: variance and drift along training, prices."""

from dataclasses import replace

import numpy as np
import pytest

from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.rbm_phases import phase_turns
from cl_theory.proof.experiments.definition import Seeds
from cl_theory.proof.experiments.measures import Measure
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.results import ArmResults, Results
from cl_theory.proof.experiments.retraced import MOMENTS
from cl_theory.proof.figures.experiments import (
    TERMS,
    copies_and_flows,
    drift_terms,
    exchange,
    flows_and_runs,
    price_of_locality,
    toy_in_b,
    valleys_along_training,
    variance_beside_loss,
)
from cl_theory.proof.figures.runs import arm_colour
from cl_theory.proof.systems.best_b_systems import QuadraticToy
from cl_theory.seeds import stream

PHASES = np.array([0.0, 100.0, 200.0])
AXES = {"phases": PHASES, "time": PHASES / 20}


def arm(name: str, ends_at: float = 1.0, up: float = 4.0) -> ArmResults:
    """Three seeds; losses fall to `ends_at` and a bit, m+ is `up` and m- is 9 throughout."""
    losses = [[5.0, 5.1, 5.2], [3.0, 3.1, 3.2], [ends_at, ends_at + 0.1, ends_at + 0.2]]
    moments = {name: [[value] * 3] * 3 for name, value in zip(MOMENTS, (up, 9.0, 0.5), strict=True)}
    return ArmResults(name, Seeds(0, 3), AXES, {"nll": losses, **moments}, {}, [], core_seconds=1.0)


def by_b(*ends: float) -> Results:
    arms = [arm(f"b = {b:g}", end) for b, end in zip((0.2, 0.5, 0.8), ends, strict=True)]
    return Results(experiment("bars-b"), {one.name: one for one in arms}, {})


def test_discs_lie_where_the_variance_is_least() -> None:
    figure = valleys_along_training({"bars": by_b(1.0, 2.0, 3.0)})
    discs = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert len(discs) == len(PHASES)
    assert all(disc.get_xdata()[0] == pytest.approx(0.4) for disc in discs)
    assert discs[0].get_ydata()[0] == pytest.approx((2 + 3) ** 2 - 0.5)
    below = figure.axes[1].containers[0].lines[0]
    np.testing.assert_allclose(below.get_ydata(), 0.4)


def test_the_lowest_loss_is_ringed_and_what_diverged_is_crossed_out() -> None:
    found = by_b(2.0, 1.0, 3.0)
    lost = replace(found["b = 0.8"], diverged=[[[1, 1], 100]])  # the second seed
    found = replace(found, arms={**found.arms, "b = 0.8": lost})
    loss, expected = Measure("nll", "loss"), np.array([2.0, 1.5, 2.5])
    figure = variance_beside_loss({"bars": found}, {"bars": loss}, {"bars": expected})
    lower = figure.axes[1]
    rings = [line for line in lower.lines if line.get_markersize() == 12]
    assert [float(ring.get_xdata()[0]) for ring in rings] == [0.5]
    lost = next(line for line in lower.lines if line.get_label() == "_lost")
    assert list(lost.get_xdata()) == [0.8]
    stated = next(line for line in lower.lines if line.get_label() == "from the variance")
    assert list(stated.get_ydata()) == [2.0, 1.5, 2.5]


def test_the_toy_shows_its_exact_valleys_and_the_drawn_dots() -> None:
    toy, places = QuadraticToy(1.0, 1.0, 1.0, 1.0), np.array([0.3, 0.6])
    drawn = {2.0: (places, np.array([0.1, 0.2]), np.array([0.01, 0.02]))}
    left, right = toy_in_b(toy, [0.0, 1.0, 2.0], (0.02, 0.3), drawn).axes
    least = next(line for line in left.lines if line.get_label() == "least variance")
    assert least.get_ydata()[-1] == pytest.approx(toy.with_negative(2.0).least_variance_b)
    valley = next(line for line in right.lines if line.get_label() == r"$\sigma_-$ = 2")
    b, error = valley.get_xdata()[40], valley.get_ydata()[40]
    assert error == pytest.approx(toy.with_negative(2.0).rest_error(0.02, b))
    assert list(right.containers[0].lines[0].get_ydata()) == [0.1, 0.2]


def test_every_term_of_the_drift_is_a_line_of_its_length_and_of_its_slope() -> None:
    rng = stream(1, "drift figure")
    data = np.eye(4)
    turns = {k: phase_turns(RBM.random(rng, 4, 3, 0.5), data) for k in (10, 20)}
    left, right = drift_terms(turns, 0.1, 0.5).axes
    shown = {line.get_label(): line.get_ydata() for line in left.lines}
    assert list(shown) == list(TERMS)
    assert shown["one row a phase"][1] == pytest.approx(np.linalg.norm(0.1 * turns[20].row_term(0.5)))
    slope = right.lines[0].get_ydata()[0]
    assert slope == pytest.approx(turns[10].mu @ turns[10].mu)


def test_runs_are_shown_as_far_as_their_flow_goes() -> None:
    flow = ArmResults("flow", Seeds(0, 1), {"phases": PHASES[:2]}, {"nll": [[5.0], [2.5]]}, {}, [], core_seconds=1.0)
    figure = flows_and_runs([{"fixed": (arm("always-on, fixed"), flow)}], Measure("nll", "loss", factor=2))
    runs, thin = figure.axes[0].lines
    assert list(runs.get_xdata()) == [0, 100]
    np.testing.assert_allclose(runs.get_ydata(), [10.2, 6.2])
    np.testing.assert_allclose(thin.get_ydata(), [10.0, 5.0])


def test_copies_are_dots_and_theories_lines() -> None:
    found = Results(experiment("small-bars"), {"always-on, fixed": arm("always-on, fixed")}, {})
    theory = {
        "with rows": np.array([5.0, 3.0, 1.0]),
        "without": np.array([5.0, 2.0, 0.5]),
    }
    figure = copies_and_flows(found, PHASES / 20, {"always-on, fixed": theory}, Measure("nll", "loss", factor=16))
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert list(lines["without"].get_ydata()) == [80, 32, 8]
    np.testing.assert_allclose(figure.axes[0].containers[0].lines[0].get_ydata(), 16 * np.array([5.1, 3.1, 1.1]))


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
