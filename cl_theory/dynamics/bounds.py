"""Right-hand sides of the bounds on always-on learning, one formula a function; eta is `learning_rate`, tau E T.

All are in the units of the parameters. The left-hand sides come from `enumeration`, `transfer` or `simulation`.
"""

from cl_theory.arguments import positive
from cl_theory.dynamics.leading_statements import REST
from cl_theory.dynamics.symbols import constant_values, eta, length_values
from cl_theory.markov.constants import ChainConstants
from cl_theory.phases.length import PhaseLength
from cl_theory.statements.system import System


def leading_terms_error(constants: ChainConstants, length: PhaseLength, *, learning_rate: float) -> float:
    """Bounds what the leading terms leave: the right side of `cl_theory.dynamics.leading_statements.REST`."""
    return float(REST.right_value(_given(constants, length, learning_rate)))


def _given(constants: ChainConstants, length: PhaseLength, learning_rate: float) -> System:
    rate = {eta: positive(learning_rate, "learning_rate")}
    return System(f"{length}", constant_values(lambda: constants) | length_values(length) | rate)
