"""From evidence to a verdict. Nothing here looks at anything but records, so a page cannot award itself one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cl_theory.checks.outcome import LEVELS
from cl_theory.claims.registry import Claim, all_claims, claim

Verdict = Literal["proved", "certified", "confirmed", "inconclusive", "refuted", "vacuous"]
RANK: dict[str, int] = {"proved": 3, "certified": 2, "confirmed": 1, "inconclusive": 0, "vacuous": 0, "refuted": 0}

MEANING: dict[str, str] = {
    "proved": "a symbolic derivation and exact rational checks agree",
    "certified": "deterministic checks agree, but not both a derivation and exact ones",
    "confirmed": "only Monte Carlo checks, each with the power to see its planted errors",
    "inconclusive": "evidence or a counterexample is missing, or a check had too little power",
    "refuted": "a check failed; for a claim registered as a refutation: its wording is shown to be false",
    "vacuous": "a planted error went unseen, so the check could not have failed",
}


@dataclass(frozen=True)
class Judgement:
    """A verdict, the reason in one line, whether the build may go on with it, and the claim that held it down.

    `sound` is what acceptance looks at: a refutation is sound when its wording was shown to be false, and not
    when one of the checks that show it failed.
    """

    verdict: Verdict
    reason: str
    sound: bool
    held_by: str | None = None


def judge_alone(entry: Claim, record: Mapping[str, Any]) -> Judgement:
    """The verdict of the claim's own evidence, before what it rests on is looked at."""
    problem = _problem(entry, record)
    if problem is not None:
        return problem
    levels = {check["level"] for check in record["checks"]}
    if entry.kind == "refutation":
        return Judgement("refuted", "the wording is shown to be false: " + _listed(levels), sound=True)
    if {"symbolic", "exact"} <= levels:
        return Judgement("proved", _listed(levels), sound=True)
    if levels == {"monte_carlo"}:
        return Judgement("confirmed", _listed(levels), sound=True)
    return Judgement("certified", _listed(levels), sound=True)


def judge(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Judgement]:
    """Verdicts of all `records` by claim id: none is better than the claims it rests on.

    A claim outside `records` does not hold one down (a run of one chapter judges that chapter alone).
    """
    judged = {identifier: judge_alone(claim(identifier), record) for identifier, record in records.items()}
    for identifier in sorted(judged, key=list(all_claims()).index):  # parents are registered before children
        own = judged[identifier]
        for parent in claim(identifier).rests_on:
            if parent in judged and _strength(judged[parent]) < _strength(judged[identifier]):
                judged[identifier] = _held(own, parent, judged[parent])
    return judged


def _problem(entry: Claim, record: Mapping[str, Any]) -> Judgement | None:
    checks = record["checks"]
    if not checks:
        return Judgement("inconclusive", "no evidence", sound=False)
    for check in checks:
        if check["passed"] is False:
            return Judgement("refuted", f"failed: {check['scope']}", sound=False)
    for check in checks:
        if check["passed"] is None:
            return Judgement("inconclusive", f"too little power: {check['scope']}", sound=False)
    for check in checks:
        unseen = [control["name"] for control in check["controls"] if not control["caught"]]
        if unseen or not check["controls"]:
            missed = ", ".join(unseen) or "no planted error"
            return Judgement("vacuous", f"{check['scope']}: unseen {missed}", sound=False)
    for witness in record["witnesses"]:
        if not witness["holds"]:
            return Judgement("inconclusive", f"counterexample not as predicted: {witness['name']}", sound=False)
    witnessed = {witness["assumption"] for witness in record["witnesses"]}
    missing = [number for number in range(1, len(entry.assumptions) + 1) if number not in witnessed]
    if missing:
        numbers = ", ".join(map(str, missing))
        return Judgement("inconclusive", f"no counterexample for assumption {numbers}", sound=False)
    return None


def _strength(judgement: Judgement) -> int:
    if not judgement.sound:
        return 0
    return max(RANK.values()) if judgement.verdict == "refuted" else RANK[judgement.verdict]


def _held(own: Judgement, parent: str, above: Judgement) -> Judgement:
    if not above.sound:
        return Judgement("inconclusive", f"rests on {parent}, which is {above.verdict}", False, parent)
    if own.verdict == "refuted":  # a sound refutation stays one; its reason says what it rests on
        return Judgement("refuted", f"{own.reason}; rests on {parent}, {above.verdict}", True, parent)
    return Judgement(above.verdict, f"own evidence {own.verdict}, but rests on {parent}", True, parent)


def _listed(levels: set[str]) -> str:
    return ", ".join(level.replace("_", " ") for level in LEVELS if level in levels)
