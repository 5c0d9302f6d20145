"""The figures of one phase at a time: what they show is what the formulas say."""

from collections.abc import Iterator

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.states import all_states
from cl_theory.proof.figures.always_on import SEEN_AND_DREAMT, portraits
from cl_theory.proof.figures.estimators import ESTIMATE_CLOUDS, estimate_clouds, model_clouds, plane_of_means
from cl_theory.proof.figures.timelines import ISD_TIMELINE, TWO_TERM_TIMELINE, isd_timeline, two_term_timeline
from cl_theory.proof.figures.variance import EXCESS_CURVES, ONE_PAIR, excess_curves, one_pair
from cl_theory.proof.systems.real_models import RealModel, bars_model
from cl_theory.theory.estimators import moments as exact_moments


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    yield
    plt.close("all")


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
    moments = bars_model().moments
    expected = exact_moments.isd_excess_trace(moments, 0.5) / np.trace(exact_moments.two_term_covariance(moments))
    assert others[0].get_ydata()[94] == pytest.approx(expected)


def test_portraits_have_a_row_for_each_stage_of_learning() -> None:
    pixels = np.linspace(0, 1, 16)
    figure = portraits({"before": (pixels, pixels[::-1]), "after": (pixels, pixels)}, side=4)
    labels = [axis.get_ylabel() for axis in figure.axes if axis.get_ylabel()]
    assert labels == ["before", "after"]


def test_only_the_two_term_time_line_keeps_anything() -> None:
    kept, nothing = two_term_timeline().axes[1], isd_timeline().axes[1]
    assert len(kept.patches) == 3
    assert not nothing.patches


def test_one_pair_can_be_drawn_and_every_figure_has_words() -> None:
    assert one_pair().axes
    texts = [ESTIMATE_CLOUDS, EXCESS_CURVES, ONE_PAIR, SEEN_AND_DREAMT, TWO_TERM_TIMELINE, ISD_TIMELINE]
    assert all(len(text) > 80 for text in texts)
