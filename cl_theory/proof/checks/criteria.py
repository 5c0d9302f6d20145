"""Criteria stated before the data, decided by an interval of the effect, and what shows that they could have failed."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cl_theory.proof.checks.comparisons import Effect, difference, log_ratio_of_spreads, mean, paired_difference
from cl_theory.proof.checks.outcome import Outcome

ROUNDING = 1e-9
"""What arithmetic may do to an effect, relative to its scale."""
Direction = Literal["above", "below", "within"]
Kind = Literal["difference", "paired difference", "mean", "log ratio of spreads"]


def repeats(check: Mapping[str, Any], scope: str, terms: Mapping[str, Any]) -> bool:
    """Whether the recorded `check` of an experiment has this `scope` and these `terms`, word for word."""
    same = check["level"] == "experiment" and check["scope"] == scope
    return same and all(check["values"].get(name) == value for name, value in terms.items())


@dataclass(frozen=True)
class Measure:
    """How an effect is computed from the arms, and how an arm is moved so that the effect grows by a given amount."""

    effect: Callable[..., Effect]
    moved: Callable[[np.ndarray, float], np.ndarray]
    arms: int = 2


def _shifted(arm: np.ndarray, by: float) -> np.ndarray:
    return arm + by


def _stretched(arm: np.ndarray, by: float) -> np.ndarray:
    return arm.mean() + (arm - arm.mean()) * math.exp(by)


MEASURES: dict[Kind, Measure] = {
    "difference": Measure(difference, _shifted),
    "paired difference": Measure(paired_difference, _shifted),
    "mean": Measure(mean, _shifted, arms=1),
    "log ratio of spreads": Measure(log_ratio_of_spreads, _stretched),
}


@dataclass(frozen=True)
class Criterion:
    """What the data must show, stated before they are looked at.

    direction
        ``above``: effect > margin; ``below``: effect < margin; ``within``: |effect| < margin (equivalence).
    measure
        What the effect is: a key of MEASURES. `unit` is the unit of the effect and of `margin`.

    ``Criterion("noise", "ISD ends up noisier", 0.0, "above", measure="log ratio of spreads")``
    """

    name: str
    statement: str
    margin: float
    direction: Direction
    unit: str = ""
    measure: Kind = "difference"

    def __post_init__(self) -> None:
        if not (self.name.strip() and self.statement.strip()):
            raise ValueError(f"a criterion needs a name and a statement, got {self.name!r} and {self.statement!r}")
        if self.direction not in ("above", "below", "within"):
            raise ValueError(f"direction must be above, below or within, got {self.direction!r}")
        if self.measure not in MEASURES:
            raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {self.measure!r}")
        if not math.isfinite(self.margin) or (self.direction == "within" and not self.margin > 0):
            raise ValueError(f"margin must be finite, and above 0 for direction within, got {self.margin!r}")

    def effect(self, *arms: Any) -> Effect:
        """The effect of `arms`, each an array with one value a seed."""
        measure = MEASURES[self.measure]
        if len(arms) != measure.arms:
            raise ValueError(f"{self.name}: measure {self.measure!r} takes {measure.arms} arms, got {len(arms)}")
        return measure.effect(*arms)

    def decision(self, effect: Effect) -> bool | None:
        """True if the whole interval meets the criterion, False if none of it does, None otherwise."""
        low, high, margin = effect.low, effect.high, self.margin
        met, contradicted = {
            "above": (low > margin, high < margin),
            "below": (high < margin, low > margin),
            "within": (-margin < low and high < margin, low > margin or high < -margin),
        }[self.direction]
        return True if met else False if contradicted else None

    @property
    def words(self) -> str:
        """What the effect must be, for example ``below 0.5 nats``."""
        range_ = f"between {-self.margin:g} and {self.margin:g}" if self.direction == "within" else None
        return f"{range_ or f'{self.direction} {self.margin:g}'} {self.unit}".strip()

    @property
    def scope(self) -> str:
        """What a recorded decision says that it is about."""
        return f"{self.name}: {self.statement}"

    @property
    def terms(self) -> dict[str, Any]:
        """What a recorded decision repeats of the criterion, so that none can be taken for that of another one."""
        return {"margin": self.margin, "unit": self.unit, "criterion": self.words, "measure": self.measure}

    def is_decided_by(self, check: Mapping[str, Any]) -> bool:
        """Whether the recorded `check` is a decision of this criterion, word for word."""
        return repeats(check, self.scope, self.terms)


def decide(criterion: Criterion, *arms: Any) -> Outcome:
    """The outcome of `criterion` on `arms`: passed is True (met), False (contradicted) or None (undecided)."""
    effect = criterion.effect(*arms)
    values = {
        "effect": effect.estimate,
        "interval": [effect.low, effect.high],
        "hedges_g": effect.hedges_g,
        "seeds": list(effect.seeds),
        **criterion.terms,
        "confidence": effect.confidence,
    }
    details = {"means": list(effect.means), "standard_deviations": list(effect.standard_deviations)}
    passed, seen = criterion.decision(effect), effect.reach / effect.scale
    return Outcome("experiment", criterion.scope, passed, values, seen, effect.scale, details, sum(effect.seeds))


def other_decisions(criterion: Criterion, *arms: Any) -> dict[str, bool]:
    """Whether the decision could have been otherwise: by name of the changed data, whether it was the opposite.

    Data moved to the other side of the margin must turn the decision round; where nothing was decided, data moved to
    either side must be decided. Arms are exchanged as well where that has to turn a decision round. An equivalence
    whose interval is wider than its margin can never be met, and is seen here: more seeds are needed.
    """
    arrays = [np.asarray(arm, dtype=float) for arm in arms]
    effect = criterion.effect(*arrays)
    decision = criterion.decision(effect)
    moved = MEASURES[criterion.measure].moved
    found: dict[str, bool] = {}
    for wanted, (name, target) in _targets(criterion, effect).items():
        if wanted is not decision:
            changed = criterion.effect(moved(arrays[0], target - effect.estimate), *arrays[1:])
            found[name] = criterion.decision(changed) is wanted
    if len(arrays) == 2 and _exchange_reverses(criterion, decision):
        found["arms exchanged"] = turned_round(decision, criterion.decision(criterion.effect(*arrays[::-1])))
    return found


def turned_round(decision: bool | None, other: bool | None) -> bool:
    """Whether `other` is the opposite of `decision`, or any decision at all where there was none."""
    return other is not None and other is not decision


def comparisons_made(records: Iterable[Mapping[str, Any]]) -> int:
    """Places of the family that the records of a run take: a criterion one, a question asked again less than one.

    At most FAMILY, or the intervals do not hold at once.
    """
    decided = (check for record in records for check in record["checks"] if check["level"] == "experiment")
    return math.ceil(round(sum(check.get("values", {}).get("place", 1) for check in decided), 9))


def _targets(criterion: Criterion, effect: Effect) -> dict[bool, tuple[str, float]]:
    # An effect that meets the criterion and one that contradicts it, as far from the margin as the one observed.
    # Arms of which no seed differs have an interval of no length; they are moved by more than rounding.
    margin, two_reaches = criterion.margin, max(2 * effect.reach, ROUNDING * effect.scale)
    if criterion.direction == "within":
        beyond = margin + max(abs(margin - abs(effect.estimate)), two_reaches)
        outside = math.copysign(beyond, effect.estimate)
        return {True: ("effect moved to 0", 0.0), False: ("effect moved out of the margin", outside)}
    far = max(abs(effect.estimate - margin), two_reaches)
    above = f"effect moved above {margin:g}", margin + far
    below = f"effect moved below {margin:g}", margin - far
    return {True: above, False: below} if criterion.direction == "above" else {True: below, False: above}


def _exchange_reverses(criterion: Criterion, decision: bool | None) -> bool:
    # Exchanged arms have effect -e, which lies beyond the margin only if e and the margin have the right signs.
    if decision is None or criterion.direction == "within":
        return False
    side = criterion.margin if criterion.direction == "above" else -criterion.margin
    return side >= 0 if decision else side <= 0
