"""What a chapter gathers for one claim, and shows at its end."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cl_theory.proof.checks.criteria import decide, other_decisions, turned_round
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.sequential import answer, other_answers
from cl_theory.proof.checks.statement_checks import Checked, drawing_check, proof_check, systems_check
from cl_theory.proof.ledger.record import FORMAT, MIME, plain
from cl_theory.proof.ledger.registry import Claim, claim
from cl_theory.proof.ledger.table import evidence_html, evidence_text
from cl_theory.proof.ledger.words import summary, what_was_seen
from cl_theory.seeds import FIXED_ROOT
from cl_theory.theory.statement import Statement
from cl_theory.theory.system import System

_GLUED: set[str] = set()


class Evidence:
    """Evidence for one registered claim. Put it on the last line of a cell to show and record it.

    ``Evidence("isd-covariance", COVARIANCE, profile=profile, seed=seed)`` with the statements that the claim makes:
    they can be pasted on the page by their names, so that what is printed is what is checked. KeyError if the claim is
    not registered.

    A statement is proved (`proved`), checked on systems in whatever way each of them can (`checked`), and seen to fail
    where an assumption is dropped (`broken`). The errors that each check must see are planted by themselves: every
    term 1 % more in an equation, left out of a bound. What is no statement goes on record with `compare` and `breaks`.
    """

    def __init__(self, identifier: str, *statements: Statement, profile: str = "smoke", seed: int = FIXED_ROOT) -> None:
        self.claim: Claim = claim(identifier)
        self._profile, self._seed = profile, seed
        self._checks: list[dict[str, Any]] = []
        self._witnesses: list[dict[str, Any]] = []
        self._printed: list[dict[str, Any]] = []
        self._statements: dict[str, Statement] = {}
        for statement in statements:
            self._state(statement)

    @classmethod
    def each(
        cls,
        prefix: str,
        names: Iterable[str] | Mapping[str, Sequence[Statement]],
        *,
        profile: str = "smoke",
        seed: int = FIXED_ROOT,
    ) -> "dict[str, Evidence]":
        """Evidence for several claims, by what follows `prefix` in their ids; `names` may say what each states."""
        stated = names if isinstance(names, Mapping) else dict.fromkeys(names, ())
        return {name: cls(prefix + name, *stated[name], profile=profile, seed=seed) for name in stated}

    def proved(self, statement: Statement, derived: Any, **options: Any) -> "Shown":
        """Record that `derived`, where the steps of a proof arrived, is the right side; see `proof_check`."""
        return self._checked(statement, [proof_check(statement, derived, **options)])

    def checked(
        self,
        statement: Statement,
        on: Sequence[System],
        *,
        errors: Iterable[str] = (),
        spare: Iterable[str] = (),
        draw: bool = True,
        **options: Any,
    ) -> "Shown":
        """Record the statement on systems: exactly on those of rationals, numerically on those of floats, and by
        drawing where a system can draw the left side.

        `errors` are planted in what the systems measure, beside the terms. `spare` names the terms of a bound that no
        tested system needs, as the page must say. Options go to `systems_check`.
        """
        drawable = [system for system in on if draw and statement.left in system.drawn]
        by_arithmetic: dict[bool, list[System]] = {}
        for system in on:
            if not getattr(system, "only_drawn", False):
                exact = np.asarray(statement.left_value(system)).dtype == object
                by_arithmetic.setdefault(exact, []).append(system)
        found = []
        for systems in by_arithmetic.values():
            able = [error for error in errors if all(system.has_error(error) for system in systems)]
            found.append(systems_check(statement, systems, errors=able, **options))
        hidden: list[tuple[str, ...]] = [()] * len(found)
        for system in drawable:
            outcome, controls, unseen = drawing_check(statement, system, self._seed, (self.claim.id, statement.name))
            found.append((outcome, controls))
            hidden.append(unseen)
        return self._checked(statement, found, spare=tuple(spare), hidden=hidden)

    def broken(self, assumption: int, statement: Statement, on: System, instead: Any, **options: Any) -> Outcome:
        """Record a counterexample for numbered `assumption`: on this system the statement fails, and its left side is
        what `instead` says, a formula or another statement about it. Returns the comparison with that; options go to
        `systems_check`."""
        other = instead if isinstance(instead, Statement) else statement.replaced_by(instead)
        fails, _ = systems_check(statement, [on], scope=f"{on.name}: as claimed", **options)
        predicted, _ = systems_check(other, [on], scope=f"{on.name}: as predicted", **options)
        self.witness(assumption, on.name, fails=fails, predicted=predicted)
        return predicted

    def add(self, outcome: Outcome, *, controls: Mapping[str, Outcome]) -> None:
        """Record a check, with the same check run on planted errors (`controls`, by name), which must turn it red.

        ValueError if `controls` is empty or the scope repeats one already recorded.
        """
        if outcome.level == "experiment":
            raise ValueError(f"{outcome.scope!r} is decided by data over seeds; record it with decide")
        self._record(outcome, _caught(controls))

    def compare(
        self, check: Callable[..., Outcome], value: Any, *target: Any, scope: str, planted: Mapping[str, Any]
    ) -> None:
        """Record ``check(value, *target, scope=scope)``, with the same check of each wrong value in `planted`."""
        controls = {name: check(wrong, *target, scope=f"{scope}; {name}") for name, wrong in planted.items()}
        self.add(check(value, *target, scope=scope), controls=controls)

    def decide(self, criterion: str, *arms: Any, reversed_on: Mapping[str, Sequence[Any]] | None = None) -> Outcome:
        """Record whether `arms`, arrays with one value a seed, meet the registered `criterion` of this name.

        It is recorded too whether the decision could have been otherwise: on the data moved to the other side of the
        margin, on the arms exchanged, and on other arms by name (`reversed_on`), for which the opposite is true.
        Returns the outcome. KeyError for a name that the claim does not have; ValueError for one that was decided, and
        for a claim that is not of kind "experiment".
        """
        if not self.claim.is_experiment:
            raise ValueError(f"{self.claim.id} is of kind {self.claim.kind!r}: data over seeds decide experiments only")
        stated = self.claim.criterion(criterion)
        outcome, otherwise = decide(stated, *arms), other_decisions(stated, *arms)
        for name, other in (reversed_on or {}).items():
            otherwise[name] = turned_round(outcome.passed, decide(stated, *other).passed)
        self._decided(outcome, otherwise)
        return outcome

    def answered(self, question: str, values: Any) -> Outcome:
        """Record what `values`, one a fresh seed, answer to the registered `question` of this name, and whether the
        answer could have been otherwise. KeyError for a name that the claim does not ask again."""
        stated = self.claim.question(question)
        outcome = answer(stated, values)
        self._decided(outcome, other_answers(stated, values))
        return outcome

    def _decided(self, outcome: Outcome, otherwise: Mapping[str, bool]) -> None:
        self._record(outcome, [{"name": name, "caught": seen, "seen": ""} for name, seen in otherwise.items()])

    def breaks(
        self, assumption: int, name: str, check: Callable[..., Outcome], *, claimed: Any, observed: Any, predicted: Any
    ) -> None:
        """Record a counterexample for numbered `assumption`: what is observed is not as claimed, but as predicted."""
        fails = check(observed, claimed, scope=f"{name}: as claimed")
        self.witness(assumption, name, fails=fails, predicted=check(observed, predicted, scope=f"{name}: as predicted"))

    def witness(self, assumption: int, name: str, *, fails: Outcome, predicted: Outcome | None = None) -> None:
        """Record a counterexample for numbered `assumption`: without it the claim's check must fail (`fails` is
        red), and what happens instead is as `predicted` (green)."""
        if not 1 <= assumption <= len(self.claim.assumptions):
            raise ValueError(f"{self.claim.id} has {len(self.claim.assumptions)} assumptions, got number {assumption}")
        holds = fails.passed is False and (predicted is None or predicted.passed is True)
        values = fails.values if predicted is None else predicted.values
        self._witnesses.append({"assumption": assumption, "name": name, "holds": holds, "values": plain(values)})

    def printed(self, name: str, value: float, standard_error: float) -> float:
        """Record a number that the page prints from fixed-seed draws; returns `value`, ready for glue."""
        if not standard_error > 0:
            raise ValueError(f"{name}: standard_error must be above 0, got {standard_error!r}; use a numeric check")
        self._printed.append({"name": name, "value": plain(value), "standard_error": plain(standard_error)})
        return value

    def _state(self, statement: Statement) -> None:
        from myst_nb import glue

        if statement.name in self._statements:
            raise ValueError(f"{self.claim.id} states {statement.name!r} twice; name each statement once")
        self._statements[statement.name] = statement
        if statement.name not in _GLUED:  # two claims may state the same
            glue(statement.name, statement, display=False)
            _GLUED.add(statement.name)

    def _checked(
        self,
        statement: Statement,
        found: Sequence[Checked],
        *,
        spare: tuple[str, ...] = (),
        hidden: Sequence[tuple[str, ...]] = (),
    ) -> "Shown":
        if statement.name not in self._statements:
            stated = ", ".join(map(repr, self._statements)) or "none"
            raise ValueError(
                f"{self.claim.id} does not state {statement.name!r}, but {stated}; name it where Evidence is made"
            )
        if unknown := sorted(set(spare) - set(statement.terms)):
            raise ValueError(f"{statement.name} has no term {unknown[0]!r}; its terms are {', '.join(statement.terms)}")
        needed = [term for term in statement.terms if term not in spare]
        for (outcome, controls), unseen in zip(found, hidden or [()] * len(found), strict=True):
            tried = {name: control for name, control in controls.items() if name.rpartition(": ")[0] not in spare}
            asked = {"statement": statement.name, "fingerprint": statement.fingerprint, "terms": needed}
            self._record(outcome, _caught(tried), of=asked | {"hidden": [term for term in unseen if term in needed]})
        return Shown(statement, self._checks[-len(found) :])

    def _record(
        self, outcome: Outcome, controls: Sequence[Mapping[str, Any]], of: Mapping[str, Any] | None = None
    ) -> None:
        if not controls and not (of and of["hidden"]):
            raise ValueError(f"{outcome.scope!r} needs at least one planted error in controls, got none")
        if any(check["scope"] == outcome.scope for check in self._checks):
            raise ValueError(f"scope {outcome.scope!r} is taken in {self.claim.id}; give each check its own")
        entry = {name: plain(getattr(outcome, name)) for name in Outcome.__dataclass_fields__}
        self._checks.append(entry | {"controls": list(controls), "of": dict(of) if of else None})

    @property
    def record(self) -> dict[str, Any]:
        """The record as plain JSON."""
        return {
            "format": FORMAT,
            "claim": self.claim.id,
            "profile": self._profile,
            "seed": self._seed,
            "statements": [
                {
                    "name": statement.name,
                    "latex": statement.latex,
                    "marked": statement.marked_latex,
                    "fingerprint": statement.fingerprint,
                    "terms": list(statement.terms),
                }
                for statement in self._statements.values()
            ],
            "checks": self._checks,
            "witnesses": self._witnesses,
            "printed": self._printed,
        }

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            MIME: self.record,
            "text/html": evidence_html(self.claim, self.record),
            "text/plain": evidence_text(self.claim, self.record),
        }


class Shown:
    """What checks of one statement said, in a line each: for the output of a cell."""

    def __init__(self, statement: Statement, checks: Sequence[Mapping[str, Any]]) -> None:
        self.statement, self.checks = statement, checks

    def _lines(self) -> list[str]:
        return [summary(check) for check in self.checks]

    def _repr_html_(self) -> str:
        return "".join(f"<div class='check-line'>{line}</div>" for line in self._lines())

    def __repr__(self) -> str:
        return "\n".join(self._lines())


def _caught(controls: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    return [
        {"name": name, "caught": outcome.passed is False, "seen": what_was_seen(outcome)}
        for name, outcome in controls.items()
    ]
