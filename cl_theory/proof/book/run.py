"""One run of the book: execute, collect the evidence, judge it, compare it with the accepted ledger or take it over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cl_theory.proof.book.checkout import BookError, Checkout, GateSeed, chosen, read_chapters, require_parameters
from cl_theory.proof.book.execution import Executed, Listener, execute
from cl_theory.proof.checks.comparisons import FAMILY
from cl_theory.proof.checks.criteria import comparisons_made
from cl_theory.proof.checks.stages import BUDGET, alpha_spent
from cl_theory.proof.ledger.ledger import load
from cl_theory.proof.ledger.record import MIME, validated
from cl_theory.proof.ledger.registry import Claim, all_claims, ancestors
from cl_theory.proof.ledger.regression import Difference, accept, differences
from cl_theory.proof.ledger.verdict import Judgement, judge


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


PROFILES = ("smoke", "full")


@dataclass(frozen=True)
class Wish:
    """What a run was asked for. `chapters` empty means all; `fresh` keeps no executed copy."""

    seed: GateSeed
    profile: str = "smoke"
    chapters: Sequence[str] = ()
    jobs: int | None = None
    fresh: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise BookError(f"profile must be one of {', '.join(PROFILES)}, got {self.profile!r}")
        if self.jobs is not None and self.jobs < 1:
            raise BookError(f"--jobs must be at least 1, got {self.jobs}")
        for name in ("profile", "seed"):
            if name in self.parameters:
                raise BookError(f"parameter {name!r} is set with --{name}")

    @property
    def papermill(self) -> dict[str, Any]:
        """The parameters that each chapter is given."""
        return {"profile": self.profile, "seed": self.seed.root, **self.parameters}


@dataclass
class Report:
    """What a run found. `problems` are pairs (chapter, what is wrong)."""

    wish: Wish
    executed: dict[str, Executed]
    collection: Collection
    judged: dict[str, Judgement]
    alpha: float
    comparisons: int
    differences: list[Difference]
    problems: list[tuple[str, str]]
    complete: bool
    compared: bool

    @property
    def ok(self) -> bool:
        return not self.problems and not self.differences


def run(
    checkout: Checkout,
    wish: Wish,
    *,
    whole: bool = False,
    compare: bool = True,
    reuse: bool = False,
    claims: Mapping[str, Claim] | None = None,
    listener: Listener = Listener(),  # noqa: B008 - it has no state
) -> Report:
    """Execute the chapters that `wish` names and weigh their evidence.

    With `whole` the other chapters take part as well, from their kept copies where these are valid; with `reuse`
    that holds for the named ones too. Bad input raises BookError or LedgerError before anything is executed;
    everything else ends up in the report.
    """
    claims = all_claims() if claims is None else claims
    chapters = read_chapters(checkout.chapters)
    wanted = chosen(chapters, wish.chapters)
    taking_part = list(chapters) if whole else wanted
    for name in taking_part:
        require_parameters(chapters[name], wish.papermill)
    committed = load(checkout.ledger) if compare else None
    listener.prepared(taking_part)
    executed = execute(
        checkout,
        {name: chapters[name] for name in taking_part},
        parameters=wish.papermill,
        anew=taking_part if wish.fresh else wanted if wish.chapters and not reuse else (),
        jobs=wish.jobs,
        listener=listener,
    )
    complete = len(taking_part) == len(chapters)
    return weigh(wish, executed, claims, chapters, committed, complete=complete)


def weigh(
    wish: Wish,
    executed: dict[str, Executed],
    claims: Mapping[str, Claim],
    chapters: Mapping[str, Any],
    committed: Mapping[str, Any] | None,
    *,
    complete: bool,
) -> Report:
    """Collect, judge, sum up false-alarm rates and comparisons, compare with the `committed` ledger (if any)."""
    notebooks = {name: went.notebook for name, went in executed.items() if went.notebook is not None}
    collection = collect(notebooks, claims, parameters=wish.papermill)
    problems = [(name, problem) for name, went in executed.items() for problem in went.problems]
    problems += collection.problems + (homeless(claims, chapters) if complete else [])
    judged = judge(collection.records)
    for name, verdict in judged.items():
        if not verdict.sound:
            problems.append((collection.places[name].chapter, f"claim '{name}' is {verdict.verdict}: {verdict.reason}"))
    alpha = alpha_spent(collection.records.values())
    if alpha > BUDGET * (1 + 1e-9):
        problems.append(("all chapters", f"false-alarm rates sum to {alpha:.3g}, the budget of a run is {BUDGET:g}"))
    comparisons = comparisons_made(collection.records.values())
    if comparisons > FAMILY:
        problems.append(
            ("all chapters", f"{comparisons} criteria are decided, the family-wise error is shared among {FAMILY}")
        )
    found: list[Difference] = []
    if committed is not None:
        compared = _compared(collection, claims, committed, complete)
        found = differences(committed, collection.records, identifiers=compared, allow_new=wish.profile == "full")
    return Report(
        wish, executed, collection, judged, alpha, comparisons, found, problems, complete, committed is not None
    )


def _compared(
    collection: Collection, claims: Mapping[str, Claim], committed: Mapping[str, Any], complete: bool
) -> list[str]:
    # A claim without evidence is a problem of its chapter already; one that is no longer registered is news.
    dropped = [name for name in committed["claims"] if name not in claims] if complete else []
    return [*collection.records, *dropped]


@dataclass
class Accepted:
    """What was taken over into the ledger, and what stood in the way (then nothing was)."""

    changes: list[Difference] = field(default_factory=list)
    obstacles: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.obstacles


def known(identifiers: Sequence[str], claims: Mapping[str, Claim] | None = None) -> None:
    """BookError at the first of `identifiers` that is not registered."""
    claims = all_claims() if claims is None else claims
    for name in identifiers:
        if name not in claims:
            raise BookError(f"unknown claim {name!r}; the claims are: {', '.join(claims)}")


def chapters_of(checkout: Checkout, identifiers: Sequence[str], reason: str) -> list[str]:
    """Chapters to execute for `identifiers` (none: all): theirs, and those of the claims that they rest on.

    BookError at an empty reason or an unknown claim, LedgerError at a damaged ledger, before anything is executed.
    """
    if not reason.strip():
        raise BookError(f"--reason must say why the numbers changed, got {reason!r}")
    known(identifiers)
    if checkout.ledger.exists():
        load(checkout.ledger)
    whole = {name for identifier in identifiers for name in (identifier, *ancestors(identifier))}
    return sorted({all_claims()[name].chapter for name in whole})


def take_over(checkout: Checkout, report: Report, *, reason: str, identifiers: Sequence[str] = ()) -> Accepted:
    """Write the claims of `report` (those in `identifiers`, or all) into the ledger, or name the obstacles.

    LedgerError for a damaged ledger, which is never overwritten; a missing one is begun.
    """
    if report.problems:
        return Accepted(obstacles=report.problems)
    return Accepted(changes=accept(checkout.ledger, report.collection.records, reason=reason, identifiers=identifiers))
