"""The figure of all b shows every mean, its interval, and the margin around the best."""

import numpy as np

from cl_theory.proof.figures.runs import ByB, by_b

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
