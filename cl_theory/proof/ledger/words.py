"""Words for a recorded check, the same on a page and on the screen."""

import math
from collections.abc import Mapping
from html import escape
from typing import Any

from cl_theory.proof.checks.criteria import Criterion
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.sequential import Question
from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.verdict import MEANING

LEVEL_NAME = {
    "symbolic": "symbolic",
    "exact": "exact",
    "numeric": "numeric",
    "monte_carlo": "Monte Carlo",
    "experiment": "experiment",
}
RESULT = {True: "agrees", False: "fails", None: "inconclusive"}
OF_CRITERION = {True: "met", False: "contradicted", None: "undecided"}
SEEN = "smallest error seen, or effect"
"""Head of the column that holds `seen`."""
STATED = "Stated before the data were looked at"
"""Head of a list of criteria."""
LOG_UNIT = "log units"
"""Unit of effects in natural logarithms, for which a margin is a factor."""


def result(level: str, passed: bool | None) -> str:
    """What a check of `level` found."""
    return (OF_CRITERION if level == "experiment" else RESULT)[passed]


def seen(level: str, check: Mapping[str, Any]) -> str:
    """What a check of `level` could tell: an experiment's effect, or else the smallest error it would have seen."""
    return effect_and_criterion(check) if level == "experiment" else smallest_error(check)


def smallest_error(check: Mapping[str, Any]) -> str:
    """The smallest relative error that `check` would have seen."""
    error = check["smallest_error"]
    if error == 0.0:
        return "any"
    return f"{error:.1e}" if error < 1e-3 else f"{100 * error:.2g} %"


def effect_in_short(check: Mapping[str, Any]) -> str:
    """The effect of an experiment's check with its interval: ``0.120 nats [0.050, 0.190]``."""
    values = check["values"]
    low, high = values["interval"]
    effect, low, high = (_rounded(number, (high - low) / 2) for number in (values["effect"], low, high))
    return " ".join(part for part in (effect, values["unit"], f"[{low}, {high}]") if part)


def effect_and_criterion(check: Mapping[str, Any]) -> str:
    """Effect, interval, confidence, standard size, seeds and criterion of an experiment's check."""
    values = check["values"]
    seeds = " + ".join(map(str, values["seeds"]))
    if values["measure"] == "paired difference":
        seeds = f"{values['seeds'][0]} paired"
    kind = "" if values["measure"].endswith("difference") else f" ({values['measure']})"
    size = "" if values["hedges_g"] is None else f", g = {values['hedges_g']:.2f}"
    return (
        f"effect{kind} {effect_in_short(check)} at {100 * values['confidence']:.2f} %{size}, {seeds} seeds; "
        f"criterion: {values['criterion']}"
    )


def asked(criterion: Criterion) -> str:
    """What the data must show: ``worse: loss of ISD less that of two terms; must be above 0 nats``."""
    what = "must be" if criterion.measure == "difference" else f"the {criterion.measure} must be"
    factor = f" (a factor of {math.exp(criterion.margin):.2g})" if criterion.unit == LOG_UNIT else ""
    return f"{criterion.scope}; {what} {criterion.words}{factor}"


def asked_again(question: Question) -> str:
    """What fresh seeds must show, and why that margin: a line below those of the criteria."""
    must = f"must be {question.words}: {question.reason}"
    return f"in place of {question.of!r}, {question.name}: {question.statement}; {must}"


def all_asked(claim: Claim) -> list[str]:
    """Criteria of a claim, and what was asked again, in words."""
    return [*map(asked, claim.criteria), *map(asked_again, claim.again)]


def verdict_class(verdict: str) -> str:
    """`verdict` as the last part of a CSS class, which holds no space."""
    return verdict.replace(" ", "-")


def chip(verdict: str) -> str:
    """A verdict as a small label, in HTML, that says its name."""
    meaning = escape(MEANING.get(verdict, "no evidence yet"))
    return f'<span class="verdict verdict-{verdict_class(verdict)}" title="{meaning}">{verdict}</span>'


def _rounded(number: float, half_width: float) -> str:
    # Two digits of the interval's half-width, and no minus sign at a rounded 0.
    digits = max(0, 1 - math.floor(math.log10(half_width)))
    return f"{number:.3g}" if digits > 6 else f"{round(number, digits) + 0.0:.{digits}f}"


def what_was_seen(outcome: Outcome) -> str:
    """How a check noticed a planted error, in a few words: a remainder, how many values differ, a p-value."""
    values, details = outcome.values, outcome.details
    if "remainder" in values:
        return f"remainder {_cut(values['remainder'])}"
    if "differences" in values:
        return f"{values['differences']} of {values['count']} values differ"
    if "largest_error" in details:
        return f"off by {details['largest_error']:.1e} of the scale"
    if "largest_ratio" in values:
        return f"{values['largest_ratio']:.3g} times the bound"
    if "stage_p_values" in details:
        return f"p = {details['stage_p_values'][-1]:.1e}"
    return ""


def summary(check: Mapping[str, Any]) -> str:
    """A check in one line: level, result, planted errors caught."""
    caught = sum(control["caught"] for control in check["controls"])
    return (
        f"{LEVEL_NAME[check['level']]}: {result(check['level'], check['passed'])} — {check['scope']} "
        f"({caught} of {len(check['controls'])} planted errors caught)"
    )


def _cut(text: str, longest: int = 80) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
