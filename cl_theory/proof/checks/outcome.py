"""What a check says: one frozen record, the same for all kinds of check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

Level = Literal["symbolic", "exact", "numeric", "monte_carlo", "experiment"]
LEVELS: tuple[Level, ...] = ("symbolic", "exact", "numeric", "monte_carlo", "experiment")


@dataclass(frozen=True)
class Outcome:
    """The result of one comparison.

    level
        ``symbolic``, ``exact``, ``numeric`` or ``monte_carlo``, strongest first; ``experiment`` for a criterion that
        was stated beforehand and is decided by data over seeds.
    scope
        One line: what was compared, on which systems. Unique among the checks of a claim.
    passed
        True, False, or None when the check had too little power to say (the data do not decide the criterion).
    values
        What was compared, ready for JSON: rationals as "p/q", formulas as text, floats, lists of these.
    scale
        What floats in `values` and the margin are relative to; 1.0 where `values` holds none.
    smallest_error
        Smallest relative error that the check would have seen; 0.0 where any error shows. Of an experiment: how far
        the interval reaches from the effect.
    details
        Monte Carlo: n, alpha, power, estimate, standard_error, target, stages, clt_kappa ... (JSON numbers).
    cost
        Work done, as a count that does not depend on the machine: systems compared, or draws made.
    """

    level: Level
    scope: str
    passed: bool | None
    values: Mapping[str, Any]
    smallest_error: float
    scale: float = 1.0
    details: Mapping[str, Any] = field(default_factory=dict)
    cost: int = 1

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"level must be one of {', '.join(LEVELS)}, got {self.level!r}")
        if not self.scope.strip():
            raise ValueError("scope must say what was compared, got an empty text")

    def _repr_html_(self) -> str:
        said = {True: "agrees", False: "fails", None: "has too little power"}[self.passed]
        return f"<div class='check-line'>{self.level.replace('_', ' ')}: {said} — {escape(self.scope)}</div>"

    def __bool__(self) -> bool:
        raise TypeError("an Outcome can be inconclusive: ask for .passed, which is True, False or None")
