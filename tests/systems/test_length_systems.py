"""Systems of random lengths and of stopping rules: values against another way, bounds that are attained."""

from fractions import Fraction

import pytest

from cl_theory.proof.systems import length_systems as systems
from cl_theory.proof.systems.chain_systems import lazy_chain
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import symbols as d
from cl_theory.theory.chains.phase_lengths import Uniform
from cl_theory.theory.dynamics import length_statements as stated
from cl_theory.theory.dynamics.enumeration import phase_means


@pytest.mark.parametrize("how", [{"stay": Fraction(1, 2)}, {"response": Fraction(1, 4)}, {"slope": 1, "theta": 1}])
def test_the_mean_of_a_lazy_chain_over_a_random_length_is_that_of_every_path(how: dict) -> None:
    law, rate = Uniform(1, 5), Fraction(1, 5)
    chain = lazy_chain(how.get("stay", 0), Fraction(1, 2), response=how.get("response", 0), slope=how.get("slope", 0))
    theta = exact_array([how.get("theta", 0)])
    paths = phase_means(chain, theta, 1, 5, step_size=rate / law.mean).mean_displacement(law)[0]
    system = systems.lazy_phase(law, rate=rate, **how)
    equilibrium = how.get("slope", 0) * theta[0]
    assert system(d.phase_bias) == abs(paths + rate * equilibrium)


def test_six_laws_share_their_mean_and_moments_follow_from_their_formulas() -> None:
    assert {float(law.mean) for law in systems.same_mean(10).values()} == {10.0}
    for law, system in zip(stated.FACTORS, systems.summed_lengths(), strict=True):
        assert float(law.right_value(system)) == pytest.approx(float(law.left_value(system)), rel=1e-12)


def test_rare_starts_and_coins_attain_their_bounds() -> None:
    (short,) = systems.short_phases((10,))
    assert stated.ALWAYS.left_value(short) == stated.ALWAYS.right_value(short) < stated.RANDOM.right_value(short)
    stops = systems.stopped_phases()[0]
    assert stated.STOPPED.left_value(stops) / stated.STOPPED.right_value(stops) > Fraction(999, 1000)


def test_a_rule_for_coins_has_the_mean_of_all_its_paths() -> None:
    for m in (2, 4):
        paths, ahead, divided = (
            systems.every_path(m), systems.looking_ahead(2 * m), systems.divided_by_length(2 * m)
        )  # fmt: skip
        assert paths(d.mean_T) == paths(d.tau) == 2 * paths(stated.half)
        assert ahead(d.phase_bias) == paths(stated.ahead_sum) / paths(d.tau)
        assert divided(d.phase_bias) == paths(stated.mean_of_phase)


def test_looking_ahead_breaks_a_stopping_times_bound_but_not_doobs() -> None:
    coins = systems.looking_ahead()
    assert stated.STOPPED.right_value(coins) < stated.STOPPED.left_value(coins)
    assert stated.DOOB.left_value(coins) < stated.DOOB.right_value(coins)
