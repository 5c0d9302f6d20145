"""Systems of the leading terms: exact on a chain that forgets, attained in AR(1), blind to nothing."""

from fractions import Fraction

import numpy as np
import pytest

from cl_theory.proof.checks.statement_checks import systems_check
from cl_theory.proof.systems import leading_systems as systems
from cl_theory.theory.chains.phase_lengths import Fixed
from cl_theory.theory.chains.symbols import Q_T
from cl_theory.theory.dynamics import leading_statements as stated
from cl_theory.theory.dynamics.expansion import second_order
from cl_theory.theory.statement import Statement
from cl_theory.theory.system import System

FORGETFUL = systems.forgetful_phases()[:5]
AR = systems.ar_coefficients(5)
WHERE = {
    stated.SECOND: systems.learning_paths({2: 3}),
    stated.LEADING: FORGETFUL,
    stated.QUADRATIC: FORGETFUL,
    stated.AR_FIRST: AR,
    stated.AR_SECOND: AR,
}


@pytest.mark.parametrize("statement", WHERE, ids=lambda x: x.name)
def test_leading_terms_are_exact_where_nothing_is_left_and_each_is_needed(statement: Statement) -> None:
    outcome, controls = systems_check(statement, WHERE[statement])
    assert (outcome.passed, outcome.level) == (True, "exact")
    assert [control.passed for control in controls.values()] == [False] * len(controls)


def test_the_forgetful_chain_is_mixed_after_two_steps() -> None:
    kernel = systems.forgetful_chain().transition_matrix
    assert (kernel @ kernel == kernel @ kernel @ kernel).all()
    assert not (kernel == kernel @ kernel).all()


def test_the_rest_grows_when_a_leading_term_is_lost() -> None:
    phase = systems.three_state_phase(0.005, Fixed(64), 4)
    right = phase(stated.rest_size)
    assert right < stated.REST.right_value(phase)
    for lost in (systems.LINEAR_TERM, systems.FLOW_OUT, systems.START_OUT):
        assert phase.with_error(lost)(stated.rest_size) > 10 * right


def test_a_long_gibbs_phase_leaves_what_a_longer_one_leaves() -> None:
    phase = systems.long_gibbs_phases()[0]
    assert phase(Q_T) == pytest.approx(np.ravel(stated.QUADRATIC.right_value(phase)), rel=1e-8)


def test_in_equilibrium_an_ar_network_owes_nothing_to_its_start() -> None:
    values = systems.ar_values(systems.RATIONAL, Fraction(2), 2 * systems.RATIONAL.gain)
    assert stated.AR_FIRST.term_values(System("settled", values | {systems.d.T: Fraction(4)}))["the start"] == 0


def test_slopes_are_integers_and_a_linear_term_shows() -> None:
    observed, controls, spoiled = systems.slopes()
    assert observed.passed
    assert not controls[systems.LINEAR_TERM].passed
    assert spoiled == pytest.approx(1, abs=1e-3)


def test_assumptions_that_are_dropped_are_seen() -> None:
    for dropped in (systems.settled_network(), systems.balanced_network()):
        assert dropped["fails"].passed is False
        assert dropped["predicted"].passed is True


def test_geometric_lengths_double_the_coefficient() -> None:
    assert systems.geometric_over_fixed() == pytest.approx(2, abs=1e-3)
    assert second_order(systems.forgetful_chain(), 0, Fixed(1)).second.tolist() == [0, 0]
