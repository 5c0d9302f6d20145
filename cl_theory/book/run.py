"""One run of the book: execute, collect the evidence, judge it, compare it with the accepted ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cl_theory.book.chapters import chosen, read_chapters, require_parameters
from cl_theory.book.checkout import BookError, Checkout
from cl_theory.book.collection import Collection, collect, homeless
from cl_theory.book.execution import Executed, execute
from cl_theory.book.gate_seed import GateSeed
from cl_theory.book.listener import Listener
from cl_theory.checks.budget import BUDGET, alpha_spent
from cl_theory.checks.comparisons import FAMILY
from cl_theory.checks.criteria import comparisons_made
from cl_theory.claims.ledger import load
from cl_theory.claims.registry import Claim, all_claims
from cl_theory.claims.regression import Difference, differences
from cl_theory.claims.verdict import Judgement, judge

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
