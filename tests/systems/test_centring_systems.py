"""Systems around a baseline: left sides by another way than the statements, and what a broken assumption does."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.proof.checks.statement_checks import drawing_check, systems_check
from cl_theory.proof.systems import centring_systems as systems
from cl_theory.proof.systems.centring_systems import phase_ema, pooled_ema
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.centred_statements import (
    COUPLED_GAIN,
    COVARIANCE,
    LEARNED_TRACE,
    NEYMAN,
    NEYMAN_GAIN,
    ONE_EACH,
    POOLED,
    UNBIASED,
)
from cl_theory.theory.estimators.laws import FiniteLaw
from cl_theory.theory.statement import Statement
from cl_theory.theory.system import System


@pytest.mark.parametrize(
    ("statement", "errors"),
    [(UNBIASED, [systems.COIN_OFF]), (COVARIANCE, [systems.COIN_OFF, systems.BASELINE_OFF])],
    ids=lambda x: getattr(x, "name", ""),
)
def test_errors_in_coin_and_baseline_are_noticed(statement: Statement, errors: list[str]) -> None:
    outcome, controls = systems_check(statement, systems.around_any_baseline(1), errors=errors)
    assert outcome.passed is True
    assert set(errors) < set(controls)
    assert [control.passed for control in controls.values()] == [False] * len(controls)


@pytest.mark.parametrize("law", systems.random_laws(1) + systems.machines())
def test_one_coordinate_more_makes_the_roots_of_both_variances_rational(law: FiniteLaw) -> None:
    before, after = law.moments, systems.rooted(law).moments
    assert after.v_positive == ((before.v_positive + 1) / 2) ** 2
    assert after.v_negative == ((before.v_negative + 1) / 2) ** 2
    assert (after.cross_covariance[:-1, :-1] == before.cross_covariance).all()
    assert (after.cross_covariance[-1] == 0).all()


def test_two_listed_phases_have_half_the_covariance_of_one() -> None:
    for system in systems.around_best(Fraction(3, 10)):
        assert (system(s.cov_two) == system(s.cov_Z_best) / 2).all()


@pytest.mark.parametrize(
    ("name", "moments"), [("a running mean in each phase", phase_ema), ("a pooled mean", pooled_ema)]
)
def test_settled_moments_are_those_after_many_phases(name: str, moments: object) -> None:
    law, chance, rate = systems.random_laws(1)[0], systems.SMALL_B, systems.RATE
    settled = systems.settled_miss(systems.learners(chance, rate)[name], law, chance)
    m = law.floats().moments
    centre = float(1 - chance) * m.mean_positive + float(chance) * m.mean_negative
    mean, second = moments(m, float(chance), float(rate), 400)  # type: ignore[operator]
    after = second - np.outer(centre, mean) - np.outer(mean, centre) + np.outer(centre, centre)
    np.testing.assert_allclose(settled.astype(float), after, rtol=1e-12)


@pytest.mark.parametrize("statement", [ONE_EACH, POOLED], ids=lambda x: x.name)
def test_rate_of_a_learned_baseline_is_noticed(statement: Statement) -> None:
    outcome, controls = systems_check(statement, systems.real_prices(), errors=[systems.RATE_OFF])
    assert outcome.passed is True
    assert controls[systems.RATE_OFF].passed is False


def test_two_terms_lose_to_centred_phases_unless_they_share_enough_luck() -> None:
    gains = {r: NEYMAN_GAIN.left_value(systems.shared_luck(r)) for r in (Fraction(1, 9), Fraction(1, 2))}
    assert gains[Fraction(1, 9)] > 0 > gains[Fraction(1, 2)]
    for r, gain in gains.items():
        assert COUPLED_GAIN.right_value(systems.shared_luck(r)) == gain


def test_a_phase_without_noise_has_no_best_b() -> None:
    around = systems.quiet_phase()
    assert around(s.sigma_minus) == 0
    assert around(s.trace_at_neyman) > around(s.sigma_plus) ** 2


@pytest.mark.parametrize(
    ("statement", "system"),
    [(NEYMAN, systems.real_around(0.4)[0]), (LEARNED_TRACE, systems.replicas()[0])],
    ids=["around the best", "around learned ones"],
)
def test_draws_agree_and_every_planted_error_is_seen(statement: Statement, system: System) -> None:
    outcome, controls, _ = drawing_check(statement, system, 5, ("a test",))
    assert outcome.passed is True
    assert [control.passed for control in controls.values()] == [False] * len(controls)
