"""From evidence to a verdict, by the records and the register alone, so that a page cannot award itself one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cl_theory.proof.checks.outcome import LEVELS
from cl_theory.proof.ledger.registry import Claim, all_claims, claim

Verdict = Literal[
    "proved",
    "certified",
    "confirmed",
    "reproduced",
    "undecided",
    "not reproduced",
    "inconclusive",
    "vacuous",
    "refuted",
]
_WORST_FIRST: tuple[tuple[bool | None, Verdict, str], ...] = (
    (False, "not reproduced", "contradicted"),
    (None, "undecided", "undecided"),
)
OF_DATA = ("reproduced", "undecided", "not reproduced")
"""What data over seeds say of an experiment; each of them is sound."""
RANK: dict[str, int] = {
    "proved": 3, "certified": 2, "confirmed": 1, **dict.fromkeys(OF_DATA, 0), "inconclusive": 0, "vacuous": 0,
    "refuted": 0,
}  # fmt: skip
"""How much a proof may rest on a claim with this verdict; a verdict of data bears none."""

MEANING: dict[str, str] = {
    "proved": "a symbolic derivation and exact rational checks agree",
    "certified": "deterministic checks agree, but not both a derivation and exact ones",
    "confirmed": "only Monte Carlo checks, each with the power to see its planted errors",
    "reproduced": "an experiment: the data meet every criterion that was stated beforehand",
    "undecided": "an experiment: the data contradict no criterion, but leave one open",
    "not reproduced": "an experiment: the data contradict a criterion that was stated beforehand",
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
    if entry.is_experiment:
        return _decided(entry, record)
    if entry.kind == "refutation":
        return Judgement("refuted", "the wording is shown to be false: " + _listed(levels), sound=True)
    if {"symbolic", "exact"} <= levels:
        return Judgement("proved", _listed(levels), sound=True)
    if levels == {"monte_carlo"}:
        return Judgement("confirmed", _listed(levels), sound=True)
    return Judgement("certified", _listed(levels), sound=True)


def judge(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Judgement]:
    """Verdicts of all `records` by claim id: none is better than the claims it rests on.

    A claim outside `records` does not hold one down (a run of one chapter judges that chapter alone). An experiment
    is decided by its data: what it rests on must be sound, and does not change its verdict beyond that.
    """
    judged = {identifier: judge_alone(claim(identifier), record) for identifier, record in records.items()}
    for identifier in sorted(judged, key=list(all_claims()).index):  # parents are registered before children
        own = judged[identifier]
        for parent in claim(identifier).rests_on:
            if parent in judged and _holds_down(judged[parent], judged[identifier]):
                judged[identifier] = _held(own, parent, judged[parent])
    return judged


def _problem(entry: Claim, record: Mapping[str, Any]) -> Judgement | None:
    checks = record["checks"]
    if not checks:
        return Judgement("inconclusive", "no evidence", sound=False)
    unlike = _unlike_the_register(entry, checks)
    if unlike:
        return Judgement("inconclusive", unlike, sound=False)
    agreements = [check for check in checks if check["level"] != "experiment"]
    for check in agreements:
        if check["passed"] is False:
            return Judgement("refuted", f"failed: {check['scope']}", sound=False)
    for check in agreements:
        if check["passed"] is None:
            return Judgement("inconclusive", f"too little power: {check['scope']}", sound=False)
    for check in checks:
        unseen = [control["name"] for control in check["controls"] if not control["caught"]]
        if unseen or not (check["controls"] or (check["of"] and check["of"]["hidden"])):
            missed = ", ".join(unseen) or "no planted error"
            return Judgement("vacuous", f"{check['scope']}: unseen {missed}", sound=False)
    blind = _unseen_term(checks)
    if blind:
        return Judgement("vacuous", blind, sound=False)
    for witness in record["witnesses"]:
        if not witness["holds"]:
            return Judgement("inconclusive", f"counterexample not as predicted: {witness['name']}", sound=False)
    witnessed = {witness["assumption"] for witness in record["witnesses"]}
    missing = [number for number in range(1, len(entry.assumptions) + 1) if number not in witnessed]
    if missing:
        numbers = ", ".join(map(str, missing))
        return Judgement("inconclusive", f"no counterexample for assumption {numbers}", sound=False)
    return None


def _unseen_term(checks: Sequence[Mapping[str, Any]]) -> str:
    """A term of a statement that no check of some level would have missed, in words, or nothing."""
    caught: dict[tuple[str, str], set[str]] = {}
    needed: dict[tuple[str, str], set[str]] = {}
    for check in checks:
        if check["of"]:
            place = check["of"]["statement"], check["level"]
            wrong = (control["name"].rpartition(": ")[0] for control in check["controls"] if control["caught"])
            caught.setdefault(place, set()).update(wrong)
            needed.setdefault(place, set()).update(check["of"]["terms"])
    for (statement, level), terms in needed.items():
        for term in sorted(terms - caught[statement, level]):
            return f"{statement}, {level.replace('_', ' ')}: no check sees that '{term}' is wrong"
    return ""


def _unlike_the_register(entry: Claim, checks: Sequence[Mapping[str, Any]]) -> str:
    """What keeps `checks` from deciding each registered criterion exactly once and nothing else, or nothing."""
    decisions = [check for check in checks if check["level"] == "experiment"]
    if decisions and not entry.is_experiment:
        return f"data cannot decide a claim of kind {entry.kind}"
    times = {c.name: sum(c.is_decided_by(check) for check in decisions) for c in entry.criteria}
    asked = {q: [check for check in decisions if q.is_answered_by(check)] for q in entry.again}
    known = [check for checks in asked.values() for check in checks]
    other = [
        check["scope"]
        for check in decisions
        if check not in known and not any(c.is_decided_by(check) for c in entry.criteria)
    ]
    first = _passed(entry, decisions)
    found = {
        "criteria not decided": [name for name, count in times.items() if count == 0],
        "decided more than once": [name for name, count in times.items() if count > 1],
        "answered more than once": [q.name for q, checks in asked.items() if len(checks) > 1],
        "asked again though decided": [q.name for q, checks in asked.items() if checks and first.get(q.of) is not None],
        "decided otherwise than registered": other,
    }
    return ". ".join(f"{what}: {'; '.join(names)}" for what, names in found.items() if names)


def _passed(entry: Claim, checks: Sequence[Mapping[str, Any]]) -> dict[str, bool | None]:
    return {c.name: check["passed"] for c in entry.criteria for check in checks if c.is_decided_by(check)}


def _passed_again(entry: Claim, checks: Sequence[Mapping[str, Any]]) -> dict[str, bool | None]:
    """By criterion, where each question that takes its place has been answered: False if one is, True if all are."""
    found: dict[str, bool | None] = {}
    for name in {question.of for question in entry.again}:
        questions = [question for question in entry.again if question.of == name]
        answers = [check["passed"] for q in questions for check in checks if q.is_answered_by(check)]
        if len(answers) == len(questions):
            found[name] = False if False in answers else None if None in answers else True
    return found


def _decided(entry: Claim, record: Mapping[str, Any]) -> Judgement:
    passed = _passed(entry, record["checks"]) | _passed_again(entry, record["checks"])
    for wanted, verdict, word in _WORST_FIRST:
        names = [name for name, of_data in passed.items() if of_data is wanted]
        if names:
            return Judgement(
                verdict, f"{word}: {'; '.join(names)} ({len(names)} of {len(passed)} criteria)", sound=True
            )
    return Judgement("reproduced", f"all criteria met ({len(passed)})", sound=True)


def _holds_down(above: Judgement, own: Judgement) -> bool:
    if own.verdict in OF_DATA:
        return not above.sound
    return _strength(above) < _strength(own)


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
