"""Systems of Part I: what listing every atom, coin and order gives is what is stated, and no error goes unseen."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.proof.checks.statement_checks import systems_check
from cl_theory.proof.systems import best_b_systems as best_b
from cl_theory.proof.systems import centring_systems as centring
from cl_theory.proof.systems import compute_systems as compute
from cl_theory.proof.systems import isd_systems as isd
from cl_theory.seeds import stream
from cl_theory.theory.arithmetic import square_root
from cl_theory.theory.estimators import best_b_statements as of_b
from cl_theory.theory.estimators import centred_statements as centred
from cl_theory.theory.estimators import compute_statements as of_compute
from cl_theory.theory.estimators import isd_statements as of_isd
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.laws import FiniteLaw
from cl_theory.theory.statement import Statement

LAW = FiniteLaw.random(stream(20230723, "tests", "best b"), 4, dimension=2)
INDEPENDENT, COUPLED = compute.races(1)
COINS, ROUNDED = compute.batches(1)
ALL_ORDERS = [*COINS, *ROUNDED]
VALLEY = [best_b.valley(best_b.rooted(LAW))]
AROUND = centring.around_any_baseline(1)
WEIGHT, DESIGN = compute.WEIGHT_OFF, compute.OTHER_DESIGN

WHERE = {
    of_isd.MEAN_OF_KNOWING_COIN: (isd.knowing_coins(), ()),
    of_isd.MEAN_AT_OTHER_WEIGHTS: (isd.weights_for_another_coin(), ()),
    centred.UNBIASED: (AROUND, (centring.COIN_OFF,)),
    centred.COVARIANCE: (AROUND, (centring.COIN_OFF, centring.BASELINE_OFF)),
    of_b.TRACE: (VALLEY, (WEIGHT,)),
    of_b.CHORD_GAP: (VALLEY, (WEIGHT, best_b.MIDDLE_OFF)),
    of_b.LEAST: (VALLEY, (WEIGHT,)),
    of_b.PRICE_OF_B: (VALLEY, (WEIGHT,)),
    of_b.MOVE: (VALLEY, (WEIGHT,)),
    of_b.MOVE_IN_PARTS: (VALLEY, (WEIGHT,)),
    of_compute.TWO_TERM: (COUPLED, ()),
    of_compute.GAP_AT_HALF: (INDEPENDENT, (WEIGHT,)),
    of_compute.GAP_AT_BEST: (INDEPENDENT, (WEIGHT,)),
    of_compute.GAP_COUPLED: (COUPLED, (WEIGHT,)),
    of_compute.GAP_AT_BEST_COUPLED: (COUPLED, (WEIGHT,)),
    of_compute.BATCH_MEAN: (ALL_ORDERS, (WEIGHT,)),
    of_compute.BATCH: (ALL_ORDERS, (WEIGHT, DESIGN)),
    of_compute.COINS: (COINS, (DESIGN,)),
    of_compute.ROUNDED: (ROUNDED, (DESIGN,)),
    of_compute.LEAST_COUNT: (ALL_ORDERS, ()),
    of_compute.ROUNDED_BOUND: (ROUNDED, (DESIGN,)),
    of_compute.RATIO: (compute.estimated_shares(1), (compute.KNOWN_B,)),
}
PRICES = centring.real_prices()
ON_REAL_MODELS = {
    of_b.BEST_B: (best_b.real_valleys(), (best_b.BY_VARIANCE,)),
    of_compute.BATCH: (compute.real_batches(), (DESIGN,)),
    of_compute.GAP_AT_HALF: (compute.real_races(), ()),
    centred.ONE_EACH: (PRICES, (centring.RATE_OFF,)),
    centred.POOLED: (PRICES, (centring.RATE_OFF,)),
}
BROKEN = [
    (of_compute.GAP_AT_HALF, compute.moving_together, of_compute.GAP_COUPLED.right),
    (of_compute.BATCH_MEAN, compute.looking_design, sp.Rational(1, 2)),
    (of_compute.BATCH, compute.frozen_phases, of_compute.TWO_TERM.right),
    (of_compute.BATCH_MEAN, compute.quota_of_another_b, of_compute.MEAN_GIVEN_COUNT.right),
]


@pytest.mark.parametrize("statement", WHERE, ids=lambda x: x.name)
def test_listed_systems_have_what_is_stated_and_see_every_error(statement: Statement) -> None:
    agrees_and_sees_errors(statement, *WHERE[statement], level="exact")


@pytest.mark.parametrize("statement", ON_REAL_MODELS, ids=lambda x: x.name)
def test_real_models_have_what_is_stated_and_see_every_error(statement: Statement) -> None:
    agrees_and_sees_errors(statement, *ON_REAL_MODELS[statement], level="numeric")


def agrees_and_sees_errors(statement: Statement, on: Any, errors: tuple[str, ...], level: str) -> None:
    outcome, controls = systems_check(statement, on, errors=errors)
    assert (outcome.passed, outcome.level) == (True, level)
    assert set(errors) < set(controls)
    assert [control.passed for control in controls.values()] == [False] * len(controls)


@pytest.mark.parametrize(("statement", "make", "instead"), BROKEN, ids=lambda x: getattr(x, "__name__", ""))
def test_without_an_assumption_the_prediction_holds_and_the_statement_does_not(statement, make, instead) -> None:
    system = make()
    assert systems_check(statement, [system])[0].passed is False
    assert systems_check(statement.replaced_by(instead), [system])[0].passed is True


# Laws --------------------------------------------------------------------------------------------


def test_a_constant_more_makes_the_roots_of_both_second_moments_rational() -> None:
    moments = best_b.rooted(LAW).moments
    assert all(isinstance(square_root(m), Fraction) for m in (moments.m_positive, moments.m_negative))
    assert (moments.covariance_positive[:2, :2] == LAW.moments.covariance_positive).all()
    assert not moments.covariance_positive[2].any()


@pytest.mark.parametrize("law", centring.coupled_laws(1) + centring.machines())
def test_one_coordinate_more_makes_the_roots_of_both_variances_rational(law: FiniteLaw) -> None:
    before, after = law.moments, centring.rooted(law).moments
    assert after.v_positive == ((before.v_positive + 1) / 2) ** 2
    assert after.v_negative == ((before.v_negative + 1) / 2) ** 2
    assert (after.cross_covariance[:-1, :-1] == before.cross_covariance).all()
    assert (after.cross_covariance[-1] == 0).all()


def test_couplings_share_their_marginals() -> None:
    first, *others = (coupling.moments for coupling in isd.three_couplings(LAW))
    for other in others:
        for moment in ("mean_negative", "second_negative", "second_positive"):
            assert getattr(other, moment).tolist() == getattr(first, moment).tolist()
        assert other.cross.tolist() != first.cross.tolist()


@pytest.mark.parametrize("levels", [1, 2, 7])
def test_the_second_moment_of_the_petersburg_law_is_its_closed_form(levels: int) -> None:
    moments = isd.petersburg_law(levels).moments
    assert moments.m_positive == isd.petersburg_second_moment(levels)
    assert moments.mean_positive.tolist() == [0]


# Values ------------------------------------------------------------------------------------------


def test_enumerated_ratio_stays_exact_on_integer_gradients() -> None:
    rbm = RationalRBM(np.array([[3]]), np.array([2]), np.array(["1/2"]))
    law = rbm.finite_law(np.array([[0.0], [1.0]]))  # gradients are Python integers
    mean, covariance = isd.enumerated_ratio(law, Fraction(1, 3), 2)
    assert (mean == law.moments.mean).all()
    assert (covariance == law.moments.covariance_positive + law.moments.covariance_negative).all()  # N = 1


def test_a_coin_that_knows_has_a_mean_of_one_where_the_gradient_is_zero() -> None:
    knowing = isd.knowing_coin()
    assert (knowing(s.b), knowing(s.mean_Z)[0], knowing(s.mu_plus)[0]) == (Fraction(1, 2), 1, 0)
    assert all(any(coin(s.cov_coin_h)) for coin in isd.knowing_coins())


def test_only_the_second_moment_gives_the_right_advice() -> None:
    right = {rule: best_b.rule_saves_variance(rule, scope="a test").passed for rule in best_b.RULES}
    assert right == {"larger second moment": True, "lower variance": False, "higher variance": False}


def test_isd_wins_twice_loses_once_and_draws_once_on_the_four_laws() -> None:
    gaps = [race(s.trace_batch_best) - race(s.trace_D) for race in compute.four_races()]
    assert gaps == [-2, Fraction(-1, 2), 32, 0]


def test_draws_drop_errors_that_their_design_cannot_show() -> None:
    shown = [set(batch.drawn[s.cov_batch]().planned.errors) for batch in compute.real_batches()]
    assert ["b off by 1 %" in errors for errors in shown] == [True, True, False, False]


def test_two_listed_phases_have_half_the_covariance_of_one() -> None:
    for system in centring.around_best(Fraction(3, 10)):
        assert (system(s.cov_two) == system(s.cov_Z_best) / 2).all()


@pytest.mark.parametrize(
    ("name", "moments"),
    [("a running mean in each phase", centring.phase_ema), ("a pooled mean", centring.pooled_ema)],
)
def test_settled_moments_are_those_after_many_phases(name, moments) -> None:  # type: ignore[no-untyped-def]
    law, chance, rate = centring.coupled_laws(1)[0], centring.SMALL_B, centring.RATE
    settled = centring.settled_miss(centring.learners(chance, rate)[name], law, chance)
    m = law.floats().moments
    centre = float(1 - chance) * m.mean_positive + float(chance) * m.mean_negative
    mean, second = moments(m, float(chance), float(rate), 400)
    after = second - np.outer(centre, mean) - np.outer(mean, centre) + np.outer(centre, centre)
    np.testing.assert_allclose(settled.astype(float), after, rtol=1e-12)


def test_two_terms_lose_to_centred_phases_unless_they_share_enough_luck() -> None:
    lucky = {ratio: centring.shared_luck(ratio) for ratio in (Fraction(1, 9), Fraction(1, 2))}
    gains = [centred.NEYMAN_GAIN.left_value(system) for system in lucky.values()]
    assert gains[0] > 0 > gains[1]
    assert gains == [centred.COUPLED_GAIN.right_value(system) for system in lucky.values()]


def test_a_phase_without_noise_has_no_best_b() -> None:
    around = centring.quiet_phase()
    assert around(s.sigma_minus) == 0
    assert around(s.trace_at_neyman) > around(s.sigma_plus) ** 2
