"""What a chapter gathers for one claim, and shows at its end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cl_theory.checks.criteria import decide, other_decisions, turned_round
from cl_theory.checks.outcome import Outcome
from cl_theory.claims.record import FORMAT, MIME, plain
from cl_theory.claims.registry import Claim, claim
from cl_theory.claims.table import evidence_html, evidence_text
from cl_theory.seeds import FIXED_ROOT


class Evidence:
    """Evidence for one registered claim. Put it on the last line of a cell to show and record it.

    ``Evidence("isd-unbiased", profile=profile, seed=seed)``; KeyError if the id is not registered.
    """

    def __init__(self, identifier: str, *, profile: str = "smoke", seed: int = FIXED_ROOT) -> None:
        self.claim: Claim = claim(identifier)
        self._profile, self._seed = profile, seed
        self._checks: list[dict[str, Any]] = []
        self._witnesses: list[dict[str, Any]] = []
        self._printed: list[dict[str, Any]] = []

    def add(self, outcome: Outcome, *, controls: Mapping[str, Outcome]) -> None:
        """Record a check, with the same check run on planted errors (`controls`, by name), which must turn it red.

        ValueError if `controls` is empty or the scope repeats one already recorded.
        """
        if outcome.level == "experiment":
            raise ValueError(f"{outcome.scope!r} is decided by data over seeds; record it with decide")
        self._record(outcome, {name: bad.passed is False for name, bad in controls.items()})

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
        self._record(outcome, otherwise)
        return outcome

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

    def _record(self, outcome: Outcome, caught: Mapping[str, bool]) -> None:
        if not caught:
            raise ValueError(f"{outcome.scope!r} needs at least one planted error in controls, got none")
        if any(check["scope"] == outcome.scope for check in self._checks):
            raise ValueError(f"scope {outcome.scope!r} is taken in {self.claim.id}; give each check its own")
        entry = {name: plain(getattr(outcome, name)) for name in Outcome.__dataclass_fields__}
        entry["controls"] = [{"name": name, "caught": seen} for name, seen in caught.items()]
        self._checks.append(entry)

    @property
    def record(self) -> dict[str, Any]:
        """The record as plain JSON."""
        return {
            "format": FORMAT,
            "claim": self.claim.id,
            "profile": self._profile,
            "seed": self._seed,
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
