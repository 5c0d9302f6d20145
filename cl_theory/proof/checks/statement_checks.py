"""Evidence is a statement times systems: symbolic, exact, numeric and by drawing, all from the same expression.

Each function returns a check and its controls by name: the same check of the statement with one term wrong (1 % more in
an equation, left out of a bound), and of the systems with an error planted in what they measure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.proof.checks.exact import TOLERANCE, at_least_exactly, below, close, equal_exactly
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.planned_means import PlannedMean
from cl_theory.proof.checks.symbolic import is_positive, is_sum_of_squares, vanishes
from cl_theory.theory.algebra import plus, times
from cl_theory.theory.statement import WRONG, Relation, Statement
from cl_theory.theory.system import System

Checked = tuple[Outcome, dict[str, Outcome]]


def proof_check(
    statement: Statement,
    derived: Any,
    *,
    scope: str = "",
    slack: Any = None,
    probability: sp.Symbol | None = None,
) -> Checked:
    """Whether `derived`, what the steps of a proof arrived at, is the right side; every coefficient of the difference.

    `derived` may also be a system whose values are formulas, such as operators that do not commute: then both sides are
    evaluated on it, and their difference must vanish.

    Of a bound: that the right side is `derived` plus `slack`, which must be certified to be at least 0: a formula by
    its coefficients (see `is_positive` for `probability`), or squares [(coefficient, base), ...] that it is the sum of
    (see `is_sum_of_squares`). Controls: each term 1 % more, or left out of the bound, so that nothing certifies it.
    """
    scope = scope or f"{statement.name}: derived in symbols"
    if isinstance(derived, System):
        left = statement.left_value(derived)
        return vanishes(left - statement.right_value(derived), scope=scope), {
            name: vanishes(left - wrong, scope=f"{scope}; {name}")
            for name, wrong in statement.wrong_values(derived).items()
        }
    if not statement.is_bound:
        return _difference(statement, derived, scope), {
            name: _difference(wrong, derived, f"{scope}; {name}") for name, wrong in statement.planted_errors()
        }
    squares = slack if isinstance(slack, Sequence) else ()
    room = sum((c * base**2 for c, base in squares), sp.sympify(0 if squares or slack is None else slack))
    beyond = room if statement.relation == "<=" else -room
    outcome = _difference(statement, sp.sympify(derived) + beyond, scope)
    if outcome.passed and room != 0:
        written = statement.written_out(room)
        if squares:
            certified = is_sum_of_squares(written, squares, scope=scope, probability=probability)
        else:
            certified = is_positive(written, scope=scope, probability=probability)
        outcome = Outcome("symbolic", scope, certified.passed, {**outcome.values, "slack": str(room)}, 0.0)
    controls = {
        f"{term}: {statement.usual_error}": is_positive(
            statement.written_out(room - value), scope=scope, probability=probability
        )
        for term, value in statement.terms.items()
    }
    return outcome, controls


def _difference(statement: Statement, derived: Any, scope: str) -> Outcome:
    left = statement.minus(derived)
    outcome = vanishes(left if len(left) else sp.Integer(0), scope=scope)
    values: dict[str, Any] = {"statement": str(statement), "terms": len(statement.terms)}
    if len(left):
        values["remainder"] = str(left[0])
    return Outcome("symbolic", scope, outcome.passed, values, 0.0, cost=max(1, len(statement.terms)))


def systems_check(
    statement: Statement,
    systems: Sequence[System],
    *,
    errors: Iterable[str] = (),
    scope: str = "",
    scale: float | None = None,
    tolerance: float = TOLERANCE,
) -> Checked:
    """Whether the two sides agree on all `systems`: in rationals without tolerance, or in floats.

    `errors` are planted in what the systems measure (`System.with_error`). All systems are of one arithmetic.
    """
    if not systems:
        raise ValueError(f"{statement.name}: give at least one system to check it on, got none")
    scope = scope or f"{statement.name}: {_families(systems)}"
    lefts = [np.asarray(statement.left_value(system)) for system in systems]
    wrong = [statement.wrong_values(system) for system in systems]
    left = _joined(lefts)

    def alike(values: Iterable[Any]) -> np.ndarray:
        return _joined(_like(value, other) for value, other in zip(values, lefts, strict=True))

    def check(value: np.ndarray, target: np.ndarray, label: str) -> Outcome:
        return _compared(statement.relation, value, target, label, scale, tolerance)

    right = alike(statement.right_value(system) for system in systems)
    controls = {name: check(left, alike(of[name] for of in wrong), f"{scope}; {name}") for name in wrong[0]}
    for error in errors:
        wrong_left = _joined(statement.left_value(system.with_error(error)) for system in systems)
        controls[error] = check(wrong_left, right, f"{scope}; {error}")
    return check(left, right, scope), controls


def _compared(
    relation: Relation, left: np.ndarray, right: np.ndarray, scope: str, scale: float | None, tolerance: float
) -> Outcome:
    if left.dtype == object and right.dtype == object:
        if relation == "=":
            return equal_exactly(left, right, scope=scope)
        above, under = (right, left) if relation == "<=" else (left, right)
        return at_least_exactly(above, under, scope=scope)
    left, right = left.astype(float), right.astype(float)
    if relation == "=":
        return close(left, right, scope=scope, scale=scale, tolerance=tolerance)
    under, above = (left, right) if relation == "<=" else (right, left)
    stands = above > 0
    if (under > above)[~stands].any():  # a term was left out, and nothing stands on this side any more
        return Outcome("numeric", scope, False, {"count": left.size}, tolerance, cost=left.size)
    return below(under[stands], above[stands], scope=scope, tolerance=tolerance)


def _like(value: Any, other: Any) -> np.ndarray:
    return np.broadcast_to(np.asarray(value), np.broadcast_shapes(np.shape(value), np.shape(other)))


def _joined(values: Iterable[Any]) -> np.ndarray:
    return np.concatenate([np.asarray(value).ravel() for value in values])


def _families(systems: Sequence[System]) -> str:
    counts = Counter(system.family for system in systems)
    return ", ".join(f"{count} {family}" if count > 1 else family for family, count in counts.items())


@dataclass(frozen=True, eq=False)
class Drawn:
    """How a quantity is measured by drawing: a statistic, and the mean that it has if the quantity has some value.

    planned
        The statistic, with the errors that are planted in the sampling code and their exact shifts.
    image
        image(value) (k,): the statistic's mean if the quantity is `value`.
    """

    planned: PlannedMean
    image: Callable[[Any], np.ndarray]


def drawing_check(
    statement: Statement, system: System, root: int, path: tuple[str, ...], *, scope: str = ""
) -> tuple[Outcome, dict[str, Outcome], tuple[str, ...]]:
    """Whether means of the estimator's own code, drawn on `system`, are what the right side says.

    The number of draws is planned for each error in the code and for each term that this system can show: wrong by one
    per cent, or, where that would take more than a tolerable number of draws, left out. The terms that it cannot show
    even so are returned last, and must be shown by another system.
    """
    drawn = system.drawn.get(statement.left)
    drawn = drawn() if callable(drawn) else drawn
    if drawn is None:
        raise LookupError(f"system {system.name!r} cannot draw {statement.left}; it draws {list(system.drawn)}")
    scope = scope or f"{statement.name}: drawn on {system.name}"
    right, terms = statement.right_value(system), statement.term_values(system)
    goals = {name: drawn.image(value) for name, value in statement.wrong_values(system).items()}
    left_out = {f"{name}: left out": drawn.image(plus(right, times(-1, value))) for name, value in terms.items()}
    outcome, controls, _ = drawn.planned.checked_against(
        drawn.image(right), goals | left_out, root, *path, system.name, scope=scope
    )
    return outcome, controls, tuple(name for name in terms if not any(f"{name}: {how}" in controls for how in WRONG))
