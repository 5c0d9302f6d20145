"""The replay of Figure 1: two runs that are what they are said to be, and that can be stepped through."""

import matplotlib as mpl
import numpy as np
import pytest

from cl_theory.learning.models.rbm import RBM
from cl_theory.proof.figures import style
from cl_theory.proof.reader.replay import DATA, ISD_RATE, N_HIDDEN, N_STEPS, N_VISIBLE, TWO_TERM_RATE, Replay, films

TWO_TERM, ISD = films()


@pytest.fixture
def replay():
    mpl.use("agg")
    with mpl.rc_context():
        style.use()
        yield Replay()._repr_html_()


def gradients(film):
    """dE/dW of the state after each step, (n, 6)."""
    rbm = RBM(np.zeros((N_HIDDEN, N_VISIBLE)), np.zeros(N_VISIBLE), np.zeros(N_HIDDEN))
    return rbm.gradient(film.visible[1:], film.hidden[1:])[:, : film.weights.shape[1]]


@pytest.mark.parametrize("film", [TWO_TERM, ISD])
def test_positive_phases_see_one_row_of_data(film):
    assert len(film.weights) == len(film.visible) == N_STEPS + 1
    for t in np.flatnonzero(film.is_positive):
        assert film.visible[t + 1].tolist() in DATA.tolist()
        if not film.begins[t]:
            assert (film.visible[t + 1] == film.visible[t]).all()


def test_two_term_learning_keeps_a_gradient_and_learns_at_the_end_of_each_pair():
    ends = np.roll(TWO_TERM.begins, -1)
    assert (TWO_TERM.learns == (ends & ~TWO_TERM.is_positive)).all()
    assert (TWO_TERM.keeps == ~TWO_TERM.is_positive).all()
    moved, gradient = np.diff(TWO_TERM.weights, axis=0), gradients(TWO_TERM)
    assert (moved[~TWO_TERM.learns] == 0).all()
    positive_ends = np.flatnonzero(ends & TWO_TERM.is_positive)
    for t, before in zip(np.flatnonzero(TWO_TERM.learns), positive_ends, strict=True):
        assert moved[t] == pytest.approx(-TWO_TERM_RATE * (gradient[before] - gradient[t]))


def test_isd_keeps_nothing_and_learns_at_every_step():
    assert ISD.learns.all()
    assert not ISD.keeps.any()
    signed = np.where(ISD.is_positive, 2, -2)[:, None] * gradients(ISD)
    assert np.diff(ISD.weights, axis=0) == pytest.approx(-ISD_RATE / 5 * signed)


def test_the_film_runs_pauses_and_is_stepped_through_by_keyboard(replay, show):
    page = show(replay)
    slider, status = page.get_by_label("step", exact=True), page.locator(".reader-aloud")
    assert not page.locator(".reader-still").is_visible()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('input[type=range]').value >= 2")
    assert status.text_content() == ""  # quiet while it runs
    page.get_by_role("button", name="Pause").click()
    assert status.text_content().startswith(f"Step {slider.input_value()} of {N_STEPS}. two-term")
    slider.fill("10")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == f"step 11 of {N_STEPS}"
    page.get_by_role("button", name="Back").click()
    assert "two-term, learning at the end: negative phase" in status.text_content()
    assert status.text_content().count("learns") == 2


def test_the_film_is_slower_where_motion_is_not_wanted(replay, show):
    page = show(replay, reduced_motion="reduce")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(700)
    assert page.get_by_label("step", exact=True).input_value() == "0"


def test_a_narrow_screen_needs_no_scrolling_sideways(replay, show):
    assert show(replay, width=390).evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_the_strip_takes_the_place_of_the_film(replay, show):
    page = show(replay)
    page.emulate_media(media="print")
    assert page.locator(".reader-still svg").is_visible()
    assert not page.locator(".replay-live").is_visible()


def test_without_javascript_or_data_the_strip_stands(replay, show):
    page = show(replay, java_script_enabled=False)
    assert page.locator(".reader-still svg").is_visible()
    page = show(replay.replace('"films": ', '"movies": '))
    assert page.locator(".reader-still svg").is_visible()
    assert "missing or damaged" in page.locator(".reader-note").inner_text()
