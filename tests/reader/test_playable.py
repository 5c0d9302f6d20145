"""Playable figures: the numbers in the browser are SymPy's, and the page reads without them."""

import itertools
import random
from fractions import Fraction

import matplotlib as mpl
import mpmath
import pytest
import sympy as sp

from cl_theory.proof.figures import style
from cl_theory.proof.reader import playable_figures as figures
from cl_theory.proof.reader.playable import Axis, Choice, Curve, Playable, Slider, _add_assets
from cl_theory.proof.systems.chain_systems import lazy_chain, lazy_constants
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import phase_lengths
from cl_theory.theory.chains import symbols as chain
from cl_theory.theory.chains.local_chain import local_chain
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.solvable_chains import LinearAutoregression
from cl_theory.theory.dynamics import noise_statements as noise
from cl_theory.theory.dynamics.linear import linear_mean

N_SETTINGS = 30
ALL = [figure() for figure in figures.FIGURES.values()]


@pytest.fixture(autouse=True)
def book_style():
    mpl.use("agg")
    with mpl.rc_context():
        style.use()
        yield


def settings(figure):
    """What controls can be set to, and places on the axis, drawn; the ends of each range are among them."""
    rng = random.Random(figure.name)

    def value(control):
        if isinstance(control, Choice):
            return rng.randrange(len(control.options))
        n = round((control.high - control.low) / control.step)
        return control.low + control.step * rng.choice([0, n, *(rng.randint(0, n) for _ in range(6))])

    for _ in range(N_SETTINGS):
        found = {control.symbol: value(control) for control in figure.controls}
        yield found | {figure.x.symbol: float(rng.choice(figure.x.places))}


def to_30_digits(formula, rows):
    """`formula` in each row of values, at the very floats that the browser gets."""
    function = sp.lambdify(list(rows[0]), sp.sympify(formula), "mpmath")
    with mpmath.workdps(30):
        return [function(*map(mpmath.mpf, row.values())) for row in rows]


@pytest.mark.parametrize("figure", ALL, ids=lambda figure: figure.name)
def test_the_browser_computes_what_sympy_says(figure, show):
    page, rows = show(figure._repr_html_()), list(settings(figure))
    ask = """([name, rows]) => {
        const one = globalThis.playables[name];
        return rows.map((v) => [...one.curves.map((c) => (!c.where || c.where(v) ? c.at(v) : null)),
            ...one.marks.flatMap((m) => [m.x(v), m.y(v)]), ...one.readings.map((r) => r.at(v))]);
    }"""
    seen = page.evaluate(ask, [figure.name, [{s.name: v for s, v in row.items()} for row in rows]])
    others = [part for mark in figure.marks for part in (mark.x, mark.y)] + [*figure.readings.values()]
    columns = [to_30_digits(formula, rows) for formula in [*(curve.formula for curve in figure.curves), *others]]
    drawn = [to_30_digits(curve.where, rows) for curve in figure.curves] + [[True] * len(rows) for _ in others]
    for numbers, wanted, where in zip(zip(*seen, strict=True), columns, drawn, strict=True):
        assert [number is not None for number in numbers] == where
        kept = [(one, number) for one, number in zip(wanted, numbers, strict=True) if number is not None]
        assert len(kept) > N_SETTINGS / 3
        for one, number in kept:
            assert abs(number - one) <= 1e-12 * abs(one)


def test_the_browser_walks_the_mean_path_of_the_network(show):
    figure = figures.one_phase()
    page = show(figure._repr_html_())
    for eta, tau, decay, first in ((1.5, 12, 0.5, 0.75), (3.0, 60, 0.875, -1.0), (0.125, 1, 0.0, 3.0)):
        values = {"eta": eta, "tau": tau, "a": decay, "z_0": first}
        walk = "([name, values]) => globalThis.reader.walked(globalThis.playables[name].paths[0], values)"
        points = page.evaluate(walk, [figure.name, values])
        network = LinearAutoregression(Fraction(decay), Fraction(7, 10), Fraction(3, 10))
        step = Fraction(eta) / tau
        ends = linear_mean(network, Fraction(1), Fraction(first), phase_lengths.Fixed(tau), step_size=step)
        assert len(points) == tau + 1
        assert points[-1] == pytest.approx([eta, float(ends[0])], rel=1e-12)


# What the formulas are about -----------------------------------------------------------------------


@pytest.mark.parametrize("start", [figures.OFF, figures.ON])
def test_the_lazy_chain_in_closed_form_is_the_chain_that_is_checked(start):
    rho, response = Fraction(4, 5), Fraction(1, 5)
    lazy = lazy_chain(rho, Fraction(3, 4), response=response)
    rest = Equilibrium.of(local_chain(lazy, exact_array([0])))
    constants = lazy_constants(rho, Fraction(3, 4), farthest=1, response=response)
    wanted = {
        chain.g_bar: rest.mean_gradient[0], chain.D_g_bar: rest.mean_gradient_derivative[0, 0],
        chain.psi_start: rest.psi[start, 0], chain.Gamma: rest.correlation[0], chain.lag: rest.lag[0],
        chain.M: constants.M, chain.L: constants.L, chain.K: constants.K, chain.Psi: constants.psi,
    }  # fmt: skip
    found = figures.lazy_values(start, 0)
    numbers = {figures.RHO: sp.Rational(4, 5), figures.RESPONSE: sp.Rational(1, 5)}
    assert {symbol: found[symbol].subs(numbers) for symbol in wanted} == {s: sp.Rational(v) for s, v in wanted.items()}


def test_what_is_not_forgotten_at_the_end_is_summed_over_each_law():
    rho, tau, s = 0.75, 12, 3
    laws = (
        phase_lengths.Fixed(tau), phase_lengths.ShiftedPoisson(s, tau), phase_lengths.Uniform(s, 2 * tau - s),
        phase_lengths.ShiftedGeometric(s, tau), phase_lengths.Geometric(tau),
    )  # fmt: skip
    values = {figures.RHO: rho, figures.TAU: tau, figures.SHORTEST: s}
    for law, formula in zip(laws, figures.mean_decays(), strict=True):
        summed = sum(float(law.pmf(n)) * rho**n for n in range(1, 2000))
        assert float(formula.subs(values)) == pytest.approx(summed, rel=1e-12)


def test_sticky_orders_count_as_listed():
    b, s = Fraction(2, 5), Fraction(1, 3)
    for n in (1, 2, 5):
        law = {}
        for order in itertools.product((1, 0), repeat=n):
            chance = b if order[0] else 1 - b
            for before, after in itertools.pairwise(order):
                share = b if after else 1 - b
                chance *= s * (before == after) + (1 - s) * share
            law[order] = chance
        assert sum(law.values()) == 1
        mean = sum(p * sum(order) for order, p in law.items())
        variance = sum(p * (sum(order) - mean) ** 2 for order, p in law.items())
        numbers = {figures.B: sp.Rational(2, 5), figures.STICKY: sp.Rational(1, 3)}
        assert figures.sticky_count_variance(n).subs(numbers) == sp.Rational(variance)
    n = sp.Symbol("n", positive=True)
    per_phase = sp.expand(figures.sticky_count_variance(n).subs(numbers) / n)
    assert sp.limit(per_phase, n, sp.oo) == figures.long_run_count_variance().subs(numbers)


def test_two_flows_and_a_coin_bend_as_the_statement_says():
    place, baseline = sp.symbols("theta c_0")
    plus, minus = (figures.MEAN + slope * place for slope in (figures.SLOPE_PLUS, figures.SLOPE_MINUS))
    moved = sp.series(figures.mean_after_coin(place, baseline) - place, figures.ETA, 0, 3).removeO()
    terms = figures.in_one_dimension(
        noise.ISD_DISPLACEMENT,
        {
            chain.eta: figures.ETA, figures.phase.b: figures.B, figures.phase.mu_plus: plus,
            figures.phase.mu_minus: minus, figures.phase.c: baseline, noise.D_plus: figures.SLOPE_PLUS,
            noise.D_minus: figures.SLOPE_MINUS, noise.rest_of_bend: 0,
        },
    )  # fmt: skip
    assert sp.simplify(moved - sum(terms.values())) == 0


def test_the_fixed_point_is_one_and_leaves_as_the_statement_says():
    baseline = sp.Rational(1, 3)
    numbers = {
        figures.B: sp.Rational(2, 5), figures.MEAN: 1, figures.SLOPE_PLUS: sp.Rational(3, 2),
        figures.SLOPE_MINUS: sp.Rational(3, 10),
    }  # fmt: skip
    place = figures.fixed_point(baseline).subs(numbers)
    left = (figures.mean_after_coin(place, baseline) - place).subs(numbers).subs(figures.ETA, sp.Rational(1, 10))
    assert abs(left.evalf(30)) < 1e-25
    slope = sp.limit(place / figures.ETA, figures.ETA, 0)
    assert slope == figures.first_order_shift(baseline).subs(numbers)


def test_around_the_best_baseline_the_mark_lies_on_its_curve():
    figure = figures.valley()
    values = {symbol: sp.nsimplify(value) for symbol, value in figure.first.items()}
    mark = figure.marks[0]
    on_curve = figure.curves[1].formula.subs({figures.B: mark.x}).subs(values)
    assert abs((on_curve - mark.y.subs(values)).evalf(30)) < 1e-25


def test_an_unknown_figure_is_answered_with_the_list():
    with pytest.raises(ValueError, match=r"valley, order_of_phases, .*got 'peak'"):
        figures.play("peak")


def test_a_figure_is_glued_under_the_name_of_its_function():
    assert [figure.name for figure in ALL] == [f"play-{name.replace('_', '-')}" for name in figures.FIGURES]


def test_a_formula_with_a_symbol_that_nothing_sets_is_refused():
    x, y = sp.symbols("x y")
    with pytest.raises(ValueError, match="line contains y, which no control sets"):
        Playable("name", "alt", Axis(x, "x", 0, 1), "y", [], [Curve("line", "isd", x + y)])


# The page ------------------------------------------------------------------------------------------


def test_a_slider_has_a_label_and_moves_the_picture_by_keyboard(show):
    page = show(figures.valley()._repr_html_())
    assert not page.locator(".reader-still").is_visible()
    assert not page.locator(".reader-note").is_visible()
    slider = page.get_by_label("μ₊, a mean gradient")
    before = page.locator("path.curve").first.get_attribute("d")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('path.curve').getAttribute('d') !== before", arg=before)
    assert page.locator("output").first.text_content() == "2.1"
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('best b')")
    page.get_by_role("button", name="As it was").click()
    page.wait_for_function("before => document.querySelector('path.curve').getAttribute('d') === before", arg=before)


def test_a_choice_changes_the_law(show):
    page = show(figures.phase_bias()._repr_html_())
    before = page.locator("path.curve").first.get_attribute("d")
    page.get_by_label("law of the length", exact=True).select_option("geometric")
    page.wait_for_function("before => document.querySelector('path.curve').getAttribute('d') !== before", arg=before)


@pytest.mark.parametrize("figure", ALL, ids=lambda figure: figure.name)
def test_a_narrow_screen_needs_no_scrolling_sideways(figure, show):
    page = show(figure._repr_html_(), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    size = page.locator(".playable-picture text").first.evaluate("e => e.getBoundingClientRect().height")
    assert size > 12


def test_every_setting_can_be_drawn(show):
    for figure in ALL:
        page = show(figure._repr_html_())
        for control in figure.controls:
            if isinstance(control, Slider):
                for end in (control.low, control.high, control.value):
                    page.get_by_label(control.label, exact=True).fill(str(end))
        drawn = page.locator("path.curve").evaluate_all("all => all.map((one) => one.getAttribute('d'))")
        assert all("NaN" not in path for path in drawn)


def test_without_javascript_the_picture_stands_with_a_sentence(show):
    page = show(figures.valley()._repr_html_(), java_script_enabled=False)
    assert page.locator(".reader-still svg").is_visible()
    assert page.locator(".reader-note").inner_text().startswith("Here this picture stands still")


@pytest.mark.parametrize(
    ("said", "instead"), [('"curves": [', '"lines": ['), ("(globalThis.playables", "({}).x; (globalThis.others")]
)
def test_damaged_or_missing_data_are_said_and_the_picture_stands(said, instead, show):
    page = show(figures.valley()._repr_html_().replace(said, instead))
    assert page.locator(".reader-still svg").is_visible()
    assert "missing or damaged" in page.locator(".reader-note").inner_text()


def test_assets_go_to_pages_that_need_them_and_to_no_others():
    class App:
        def __init__(self):
            self.files = []

        def add_css_file(self, name, **options):
            self.files.append(name)

        add_js_file = add_css_file

    app = App()
    _add_assets(app, "other", "page.html", {"body": "<p>nothing</p>"}, None)
    _add_assets(app, "toc", "page.html", {}, None)
    assert not app.files
    _add_assets(app, "page", "page.html", {"body": figures.valley()._repr_html_()}, None)
    assert app.files == ["playable.css", "playable.js", "replay.js"]
