"""Pictures of RBMs show every unit where it belongs, and the landscape shows what was counted."""

from types import SimpleNamespace

import numpy as np
import pytest

from cl_theory.learning.models.gibbs_chain import FreeChains
from cl_theory.learning.models.rbm import RBM
from cl_theory.proof.figures.experiments import shared_pairs
from cl_theory.proof.figures.pictures import (
    hidden_landscape,
    living_units,
    mosaic,
    receptive_fields,
    samples,
    with_strip,
)

RNG = np.random.default_rng(5)
SIDE = 28


def test_a_row_is_an_image_above_its_label_units():
    row = np.concatenate([np.arange(784.0), 1000 + np.arange(10.0)])
    picture = with_strip(row)
    np.testing.assert_array_equal(picture[0, 1 : 1 + SIDE], np.arange(28.0))  # centred over thirty columns
    np.testing.assert_array_equal(picture[-1], np.repeat(1000 + np.arange(10.0), 3))
    assert np.isnan(picture[SIDE]).all()


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"784 pixels and 10 label units, got shape \(64,\)"):
        with_strip(np.zeros(64))


def test_pictures_stand_line_by_line_with_gaps_between_them():
    whole = mosaic([np.full((3, 2), float(k)) for k in range(5)], columns=2)
    assert whole.shape == (3 * 3 + 2 * 2, 2 * 2 + 2)
    assert [whole[row, column] for row, column in ((0, 0), (0, 4), (5, 0), (5, 4), (10, 0))] == [0, 1, 2, 3, 4]
    assert np.isnan(whole[10, 4])


def test_one_scale_for_all_models_and_light_stays_between_the_signs():
    weights = {"a": RNG.normal(size=(6, 794)), "b": 3 * RNG.normal(size=(6, 794))}
    figure = receptive_fields(weights)
    images = [axis.images[0] for axis in figure.axes if axis.images]
    assert [axis.get_ylabel() for axis in figure.axes if axis.images] == ["a", "b"]
    low, high = images[0].get_clim()
    assert images[1].get_clim() == (low, high)
    assert low == -high < 0
    assert high == pytest.approx(np.percentile(np.abs(np.concatenate(list(weights.values()))), 99.5))


def test_samples_have_a_block_for_each_name():
    figure = samples({"exact": RNG.random((10, 794)), "chain": RNG.random((20, 794))})
    assert [axis.get_ylabel() for axis in figure.axes] == ["exact", "chain"]
    exact, chain = (axis.images[0].get_array() for axis in figure.axes)
    assert chain.shape[0] == 2 * exact.shape[0] + 2


def test_the_landscape_shows_weights_above_and_times_below():
    rbm = RBM(np.zeros((2, 3)), np.zeros(3), np.array([-1.0, -1.0]))
    trail = np.array([[[0.0, 0.0]] * 4, [[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]])
    figure = hidden_landscape({"ISD": FreeChains(rbm, trail)})
    above, below = figure.axes
    silence = 3 * np.log(2)
    np.testing.assert_allclose(above.lines[-1].get_ydata(), [silence, silence - 1 + np.log(2), silence - 2])
    assert [bar.get_height() for bar in below.patches] == [0.0, 0.75, 0.25]
    np.testing.assert_allclose(above.lines[0].get_ydata(), [silence] * 2)


def test_shared_parts_are_drawn_beside_the_drift_they_leave():
    early = SimpleNamespace(shared=0.2, shared_by_all=0.1, drift=1.2, centred_drift=1.6)
    late = SimpleNamespace(shared=0.9, shared_by_all=0.8, drift=0.4, centred_drift=1.1)
    along = {0: early, 1000: late}
    figure = shared_pairs({"two-term": along, "ISD": along}, {"two-term": (1000, 0.45, 0.05)})
    left, right = figure.axes
    assert [list(line.get_ydata()) for line in left.lines[:2]] == [[0.2, 0.9], [0.1, 0.8]]
    assert [list(line.get_ydata()) for line in right.lines[:2]] == [[1.2, 0.4], [1.6, 1.1]]
    assert len(right.containers) == 1


def test_living_units_have_a_panel_a_layer_and_a_line_a_seed():
    trace = {0: np.array([[1.0, 0.9], [0.8, 0.7]]), 500: np.array([[0.5, 0.4], [0.3, 0.2]])}
    figure = living_units({"ISD": trace, "centred ISD": trace})
    first, second = figure.axes
    assert [len(axis.lines) for axis in (first, second)] == [6, 6]
    assert list(first.lines[2].get_ydata()) == pytest.approx([0.9, 0.4])
    assert list(second.lines[2].get_ydata()) == pytest.approx([0.8, 0.3])
