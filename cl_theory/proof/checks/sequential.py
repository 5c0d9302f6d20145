"""Questions whose seeds are added until they are answered, with intervals that hold at every look, whatever the law.

A median of the values x_1 ... x_n, one a seed, lies below x_(k) only if fewer than k of them are at most that median.
Each is so with probability 1/2 or more, so the number that are lies above a binomial one, and with k the largest for
which P(Bin(n, 1/2) < k) <= a/2 the interval [x_(k), x_(n+1-k)] misses with probability a or less. No tail is assumed,
and a run that diverged may count as infinite. Clopper and Pearson's interval of a share rests on the same counting.
By the union bound all intervals of QUESTIONS questions at LOOKS looks hold at once but for QUESTIONS LOOKS a, so that
it does not matter which look the answer is taken from.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

import numpy as np
import scipy

from cl_theory.proof.checks.comparisons import FAMILY, FAMILY_WISE_ERROR
from cl_theory.proof.checks.criteria import repeats
from cl_theory.proof.checks.outcome import Outcome

CRITERIA = 58
"""Of the first design, which is closed; each takes one of the FAMILY places among which the error is shared."""
QUESTIONS, LOOKS = 30, 4
"""Most questions of the second design, and most looks at each."""
PLACE = (FAMILY - CRITERIA) / QUESTIONS
"""The share of a place that a question takes."""
ALPHA = FAMILY_WISE_ERROR / FAMILY * PLACE / LOOKS
"""Error of one interval at one look."""

Answer = Literal["less", "smaller", "more"]
Kind = Literal["median", "share"]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Question:
    """What is asked once more of fresh seeds, stated before the first of them has run.

    name, of
        Its own name, and that of the criterion of the first design that it takes the place of.
    margin, reason, unit
        An effect matters beyond `margin`; `reason` says why, in its unit.
    wanted
        The answers that bear the claim out: "more" (effect > margin), "less" (effect < -margin), "smaller".
    kind
        The effect is the median over seeds, or the share of seeds whose value is 1.
    experiment, arms, measure
        Where the values come from: runs in stages, and what is measured of these arms.
    seen
        (effect, standard deviation) in the first design; plans only.
    """

    name: str
    of: str
    statement: str
    margin: float
    reason: str
    wanted: tuple[Answer, ...]
    experiment: str
    arms: tuple[str, ...]
    measure: str
    seen: tuple[float, float]
    unit: str = ""
    kind: Kind = "median"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.margin) and self.margin > 0):
            raise ValueError(
                f"{self.name}: margin must be finite and above 0, got {self.margin!r}; state the least effect that "
                "would matter"
            )
        if len(self.reason.split()) < 3:
            raise ValueError(
                f"{self.name}: the margin {self.margin:g} {self.unit} has no reason, got {self.reason!r}; say in its "
                "unit why a smaller effect would not matter"
            )
        if not self.wanted or not set(self.wanted) < set(get_args(Answer)):
            known = ", ".join(get_args(Answer))
            raise ValueError(f"{self.name}: wanted must name one or two of {known}, got {self.wanted!r}")
        if self.kind not in get_args(Kind):
            raise ValueError(f"{self.name}: kind must be one of {', '.join(get_args(Kind))}, got {self.kind!r}")

    @property
    def what_is_compared(self) -> tuple[Any, ...]:
        """The same for two questions only if one asks what the other does."""
        return self.experiment, self.measure, frozenset(self.arms)

    @property
    def words(self) -> str:
        """What bears the claim out, for example ``more than 0.1 log units, or smaller``."""
        size = f"{self.margin:g} {self.unit}".strip()
        say = {"more": f"above {size}", "less": f"below -{size}", "smaller": f"within {size}"}
        return " or ".join(say[answer] for answer in self.wanted)

    @property
    def scope(self) -> str:
        """What a recorded answer says that it is about."""
        return f"{self.name}, asked again: {self.statement}"

    @property
    def terms(self) -> dict[str, Any]:
        """What a recorded answer repeats of the question."""
        return {"margin": self.margin, "unit": self.unit, "criterion": self.words, "measure": self.kind}

    def is_answered_by(self, check: Mapping[str, Any]) -> bool:
        """Whether the recorded `check` is an answer to this question, word for word."""
        return repeats(check, self.scope, self.terms)

    def interval(self, values: Any) -> Interval:
        """The interval of the effect of `values`, one a seed; NaN where both arms were lost."""
        return INTERVALS[self.kind](np.asarray(values, dtype=float))

    def answers(self, interval: Interval) -> tuple[Answer, ...]:
        """The answers that are compatible with `interval`: one, once it is answered."""
        low, high = interval
        open_ = {
            "less": low <= -self.margin,
            "smaller": low < self.margin and high > -self.margin,
            "more": high >= self.margin,
        }
        return tuple(answer for answer in get_args(Answer) if open_[answer])

    def bears_out(self, interval: Interval) -> bool | None:
        """True if every compatible answer is wanted, False if none is, None otherwise."""
        left = set(self.answers(interval))
        return True if left <= set(self.wanted) else None if left & set(self.wanted) else False


def median_interval(values: np.ndarray) -> Interval:
    """[x_(k), x_(n+1-k)] of the module's text; a NaN counts as low at the lower end and as high at the upper one."""
    k = _rank(len(values), ALPHA)
    if k == 0:
        return -math.inf, math.inf
    low, high = (np.sort(np.where(np.isnan(values), end, values)) for end in (-math.inf, math.inf))
    return float(low[k - 1]), float(high[len(values) - k])


@cache
def _rank(n: int, alpha: float) -> int:
    """The largest k for which P(Bin(n, 1/2) < k) <= alpha/2."""
    return int(scipy.stats.binom.ppf(alpha / 2, n, 0.5))


def share_interval(values: np.ndarray) -> Interval:
    """Clopper and Pearson's interval of the probability of a 1; ValueError for other values than 0 and 1."""
    if not np.isin(values, (0, 1)).all():
        raise ValueError(f"a share is of values 0 and 1, got {float(values[~np.isin(values, (0, 1))][0])!r}")
    found = scipy.stats.binomtest(int(values.sum()), len(values)).proportion_ci(1 - ALPHA)
    return float(found.low), float(found.high)


INTERVALS: Mapping[Kind, Callable[[np.ndarray], Interval]] = {"median": median_interval, "share": share_interval}


def answer(question: Question, values: Any) -> Outcome:
    """The outcome of `question` on `values`, one a seed: passed says whether they bear the claim out, or None."""
    values = np.asarray(values, dtype=float)
    interval = question.interval(values)
    estimate = float(np.nanmedian(values) if question.kind == "median" else values.mean())
    if not np.isfinite([*interval, estimate]).all():
        raise ValueError(f"{question.name}: the interval of {len(values)} seeds is {interval}; add seeds")
    reach = max(interval[1] - estimate, estimate - interval[0])
    scale = max(abs(estimate), 2 * reach, question.margin)
    found: dict[str, Any] = {
        "effect": estimate,
        "interval": list(interval),
        "hedges_g": None,
        "seeds": [len(values)],
        **question.terms,
        "confidence": 1 - ALPHA,
        "place": PLACE,
    }
    details = {"answers": list(question.answers(interval)), "reason": question.reason}
    return Outcome(
        "experiment", question.scope, question.bears_out(interval), found, reach / scale, scale, details, len(values)
    )


def other_answers(question: Question, values: Any) -> dict[str, bool]:
    """Whether the answer could have been otherwise: by name of the changed data, whether it then was.

    Values are moved to where the opposite is true, or to either side where nothing was decided.
    """
    values = np.asarray(values, dtype=float)
    outcome, found = answer(question, values), {}
    for wanted, (name, changed) in _elsewhere(question, values, outcome).items():
        if (wanted in question.wanted) is not outcome.passed:
            found[name] = question.bears_out(question.interval(changed)) is not outcome.passed
    return found


def _elsewhere(question: Question, values: np.ndarray, outcome: Outcome) -> dict[str, tuple[str, np.ndarray]]:
    """Values that call for each answer."""
    if question.kind == "share":
        return {"more": ("every run one", np.ones_like(values)), "smaller": ("no run one", np.zeros_like(values))}
    low, high = outcome.values["interval"]
    beyond = question.margin + 2 * max(high - low, question.margin)
    centred = values - outcome.values["effect"]
    return {
        "more": ("effect moved above the margin", centred + beyond),
        "less": ("effect moved below the margin", centred - beyond),
        "smaller": ("effect moved to 0, spread shrunk", centred * (question.margin / beyond)),
    }


def lawlike(question: Question, values: np.ndarray, seed: int = 0) -> Callable[[int], np.ndarray]:
    """A law for plans: `values` so far with others drawn from among them, or the effect that was seen before."""
    rng, (effect, deviation) = np.random.default_rng(seed), question.seen
    if len(values):
        return lambda n: np.concatenate([values, rng.choice(values, max(n - len(values), 0))])
    if question.kind == "share":
        return lambda n: (rng.random(n) < effect).astype(float)
    return lambda n: rng.normal(effect, deviation, n)


@dataclass(frozen=True)
class Plan:
    """What is to be expected: the mean number of seeds, and the share of runs that end with each answer, or open."""

    seeds: float
    ends: Mapping[str, float]


def planned(
    question: Question, looks: Sequence[int], draw: Callable[[int], np.ndarray], runs: int = 200, done: int = 0
) -> Plan:
    """Simulated course of `question`: ``draw(n)`` gives the values of n seeds; looks at up to `done` seeds are over."""
    ends: dict[str, float] = {}
    used = []
    for _ in range(runs):
        values = draw(looks[-1])
        for n in (look for look in looks if look > done):
            found = question.answers(question.interval(values[:n]))
            if len(found) == 1:
                break
        used.append(n)
        end = found[0] if len(found) == 1 else "open"
        ends[end] = ends.get(end, 0.0) + 1 / runs
    return Plan(float(np.mean(used)), ends)
