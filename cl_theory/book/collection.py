"""Evidence, read back from executed chapters: each claim once, in its own chapter, from this run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cl_theory.checks.budget import alpha_spent
from cl_theory.claims.record import MIME, validated
from cl_theory.claims.registry import Claim


@dataclass(frozen=True)
class Place:
    """Where a claim's evidence stands."""

    chapter: str
    cell: str


@dataclass
class Collection:
    """Records by claim id in the order of registration, where each was found, and what is wrong, by chapter."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)


def collect(
    notebooks: Mapping[str, Mapping[str, Any]], claims: Mapping[str, Claim], *, parameters: Mapping[str, Any]
) -> Collection:
    """Evidence of all `notebooks` (executed, by chapter name) for the registered `claims`."""
    found = Collection()
    for chapter, notebook in notebooks.items():
        for cell, record in _records(notebook):
            try:
                _take(found, claims, Place(chapter, cell), validated(record, f"cell '{cell}'"), parameters)
            except ValueError as error:
                found.problems.append((chapter, str(error)))
        found.problems.extend((chapter, problem) for problem in _missing(found, claims, chapter))
    found.records = {name: found.records[name] for name in claims if name in found.records}
    return found


def homeless(claims: Mapping[str, Claim], chapters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Registered claims whose chapter does not exist, each as (chapter, problem)."""
    return [
        (entry.chapter, f"claim '{entry.id}' is registered for it, but chapters/{entry.chapter}.ipynb does not exist")
        for entry in claims.values()
        if entry.chapter not in chapters
    ]


def _records(notebook: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if MIME in output.get("data", {}):
                yield cell["id"], output["data"][MIME]


def _take(
    found: Collection, claims: Mapping[str, Claim], place: Place, record: dict[str, Any], parameters: Mapping[str, Any]
) -> None:
    name = record["claim"]
    if name not in claims:
        raise ValueError(f"cell '{place.cell}' has evidence for the unknown claim {name!r}; register it first")
    if claims[name].chapter != place.chapter:
        raise ValueError(
            f"cell '{place.cell}' has evidence for '{name}', which is registered for {claims[name].chapter}"
        )
    if name in found.records:
        first = found.places[name].cell
        raise ValueError(f"cell '{place.cell}' has evidence for '{name}' again, after cell '{first}'; keep one")
    for parameter in ("profile", "seed"):
        if record[parameter] != parameters[parameter]:
            raise ValueError(
                f"cell '{place.cell}': evidence for '{name}' was made with {parameter} {record[parameter]!r}, this run "
                f"has {parameters[parameter]!r}; write Evidence({name!r}, profile=profile, seed=seed)"
            )
    alpha_spent([record])  # ValueError if a Monte Carlo check does not say its alpha
    found.records[name], found.places[name] = record, place


def _missing(found: Collection, claims: Mapping[str, Claim], chapter: str) -> Iterator[str]:
    own = [entry.id for entry in claims.values() if entry.chapter == chapter]
    if not own:
        yield "a chapter without a claim; register one for it in cl_theory/claims/registered"
    for name in own:
        if name not in found.records:
            yield f"claim '{name}' has no evidence; show Evidence({name!r}, ...) on the last line of a cell"
