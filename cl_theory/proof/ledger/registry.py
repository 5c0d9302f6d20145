"""The register of claims: each is written once, in ``registered/*.toml``, and only read here."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, TypeVar

from cl_theory.proof.checks.criteria import Criterion
from cl_theory.proof.checks.sequential import QUESTIONS, Question

Stated = TypeVar("Stated", Criterion, Question)
SOURCES = ("paper", "paper, corrected", "paper, sharpened", "refuted", "new")
SOURCES_OF_EXPERIMENTS = ("paper", "new")
KINDS = ("identity", "inequality", "convexity", "rate", "comparison", "refutation", "experiment")


@dataclass(frozen=True)
class Claim:
    """One statement of the book. `rests_on` names the claims its proof uses, `chapter` the notebook's stem.

    `criteria` are what the data must show for a claim of kind "experiment", stated before they were looked at; `again`
    are the questions that take the place of criteria which those data left undecided, stated before fresh seeds ran.
    """

    id: str
    title: str
    statement: str
    source: str
    kind: str
    chapter: str
    reference: str = ""
    assumptions: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    again: tuple[Question, ...] = ()

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"{self.id}: source must be one of {SOURCES}, got {self.source!r}")
        if self.kind not in KINDS:
            raise ValueError(f"{self.id}: kind must be one of {KINDS}, got {self.kind!r}")
        if self.is_experiment != bool(self.criteria):
            remedy = "needs criteria, stated beforehand" if self.is_experiment else "takes no criteria"
            raise ValueError(f"{self.id}: a claim of kind {self.kind!r} {remedy}, got {len(self.criteria)}")
        names = [criterion.name for criterion in self.criteria]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.id}: each criterion needs a name of its own, got {', '.join(names)}")
        for question in self.again:
            if question.of not in names:
                raise ValueError(
                    f"{self.id}: {question.name!r} is asked in place of {question.of!r}, which is no criterion of it; "
                    f"name one of {', '.join(names) or 'none'}"
                )
        if self.is_experiment and self.source not in SOURCES_OF_EXPERIMENTS:
            raise ValueError(
                f"{self.id}: the source of an experiment must be one of {SOURCES_OF_EXPERIMENTS}, got {self.source!r}"
            )

    @property
    def is_experiment(self) -> bool:
        """Whether data over seeds decide the claim."""
        return self.kind == "experiment"

    def criterion(self, name: str) -> Criterion:
        """The criterion called `name`; KeyError that lists those of this claim."""
        return self._named(self.criteria, name, "criterion")

    def question(self, name: str) -> Question:
        """The question asked again called `name`; KeyError that lists those of this claim."""
        return self._named(self.again, name, "question")

    def _named(self, stated: Sequence[Stated], name: str, what: str) -> Stated:
        for one in stated:
            if one.name == name:
                return one
        registered = "; ".join(one.name for one in stated) or "none"
        raise KeyError(f"{self.id} has no {what} {name!r}; registered are: {registered}")


@cache
def all_claims() -> Mapping[str, Claim]:
    """Every registered claim by id, in reading order. ValueError at a twin id, a dangling or circular `rests_on`."""
    claims: dict[str, Claim] = {}
    folder = resources.files("cl_theory.proof.ledger").joinpath("registered")
    for path in sorted(folder.iterdir(), key=lambda file: file.name):
        if not path.name.endswith(".toml"):
            continue
        for identifier, entry in tomllib.loads(path.read_text("utf-8")).items():
            if identifier in claims:
                raise ValueError(f"claim {identifier!r} is registered twice; keep one of them")
            claims[identifier] = _claim(identifier, entry)
    _require_forest(claims)
    require_asked_once(claims)
    return MappingProxyType(claims)


def claim(identifier: str) -> Claim:
    """The registered claim `identifier`; KeyError that lists what is registered."""
    try:
        return all_claims()[identifier]
    except KeyError:
        raise KeyError(f"unknown claim {identifier!r}; registered are: {', '.join(all_claims())}") from None


def ancestors(identifier: str) -> tuple[str, ...]:
    """Every claim that `identifier` rests on, directly or not, nearest first."""
    found: list[str] = []
    queue = list(claim(identifier).rests_on)
    while queue:
        parent = queue.pop(0)
        if parent not in found:
            found.append(parent)
            queue.extend(claim(parent).rests_on)
    return tuple(found)


def require_asked_once(claims: Mapping[str, Claim]) -> None:
    """ValueError where two questions compare the same, or there are more than share the family-wise error."""
    asked: dict[Any, str] = {}
    for entry in claims.values():
        for question in entry.again:
            where, what = f"{entry.id}: {question.name}", question.what_is_compared
            if what in asked:
                raise ValueError(f"{where!r} asks of {question.experiment} what {asked[what]!r} asks; keep one of them")
            asked[what] = where
    if len(asked) > QUESTIONS:
        raise ValueError(f"{len(asked)} questions are asked again, the error is shared by {QUESTIONS}; leave some out")


def _claim(identifier: str, entry: Mapping[str, Any]) -> Claim:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    if "criteria" in fields:
        fields["criteria"] = tuple(_criterion(identifier, table) for table in fields["criteria"])
    if "again" in fields:
        fields["again"] = tuple(_question(identifier, table) for table in fields["again"])
    return Claim(id=identifier, **fields)


def _question(identifier: str, table: Mapping[str, Any]) -> Question:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    try:
        return Question(**fields)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{identifier}: its question {table.get('name')!r} cannot be read: {error}") from error


def _criterion(identifier: str, table: Mapping[str, Any]) -> Criterion:
    try:
        return Criterion(**table)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{identifier}: its criterion {table.get('name')!r} cannot be read: {error}") from error


def _require_forest(claims: Mapping[str, Claim]) -> None:
    # Claims are registered in reading order, and a proof may only use what was shown before.
    seen: set[str] = set()
    for entry in claims.values():
        for parent in entry.rests_on:
            if parent not in claims:
                raise ValueError(f"{entry.id} rests on {parent!r}, which is not registered")
            if parent not in seen:
                raise ValueError(f"{entry.id} rests on {parent!r}, which is registered after it; move it up")
            if claims[parent].is_experiment and not entry.is_experiment:
                raise ValueError(f"{entry.id} rests on {parent!r}, but an experiment proves nothing; remove it")
        seen.add(entry.id)
