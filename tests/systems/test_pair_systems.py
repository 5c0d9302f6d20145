"""Systems of coupled pairs say what enumeration by hand says."""

from fractions import Fraction

from cl_theory.proof.systems.run_systems import COIN_OFF, coupled
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.estimators.laws import FiniteLaw
from cl_theory.theory.estimators.pair_statements import noise_ratio, rho, square_D, square_Z


def test_moments_are_those_of_the_listed_pairs():
    law = FiniteLaw(exact_array(["1/2", "1/2"]), exact_array([[1], [3]]), exact_array([[1], [2]]))
    system = coupled(law)
    assert system(square_D) == Fraction(1, 2)  # differences 0 and 1
    assert system(square_Z) == 2 * (5 + Fraction(5, 2))  # 2 (m+ + m-)
    assert system(rho) == 2 * Fraction(7, 2) / (5 + Fraction(5, 2))
    assert system(noise_ratio) == system(square_Z) / 2 / system(square_D)
    assert system.with_error(COIN_OFF)(square_Z) != system(square_Z)
