"""The command line: every command, and what they share. Nothing heavy is imported before one runs."""

import functools
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cl_theory.proof import train_options as options

FINE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
EXTRA = {"dask": "experiments", "distributed": "experiments"}
"""Which extra brings a package; for all others it is "book"."""


def exiting(command: Callable[..., int]) -> Callable[..., None]:
    """`command` with the exit code that it returns; bad input ends with 2 and its message, Ctrl-C with 130."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            code = command(*arguments, **options)
        except (KeyboardInterrupt, ValueError, ModuleNotFoundError) as error:
            code = _explained(error)
        finally:
            signal.signal(signal.SIGTERM, before)
        raise typer.Exit(code)

    return run


def _explained(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        print("interrupted; nothing is half written, run the command again", file=sys.stderr)
        return INTERRUPTED
    if isinstance(error, ModuleNotFoundError) and not (error.name or "cl_theory").startswith("cl_theory"):
        extra = EXTRA.get((error.name or "").partition(".")[0], "book")
        print(f"error: {error.name} is not installed; run: pip install 'cl-theory[{extra}]'", file=sys.stderr)
        return WRONG_INPUT
    if isinstance(error, ValueError) and _is_bad_input(error):
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    raise error


def _is_bad_input(error: ValueError) -> bool:
    from cl_theory.proof.book.checkout import BookError
    from cl_theory.proof.experiments.definition import ExperimentError
    from cl_theory.proof.ledger.ledger import LedgerError

    return isinstance(error, BookError | LedgerError | ExperimentError)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt  # the same way out as Ctrl-C, so that workers are stopped


Profile = Annotated[
    str, typer.Option("--profile", metavar="smoke|full", help="smoke: minutes. full: more systems, larger grids.")
]
Chapters = Annotated[
    list[str] | None,
    typer.Option("--chapter", metavar="NAME", help="A chapter, or the beginning of its name; may be repeated."),
]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", metavar="N", help="Chapters at a time [default: the cores].")]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", help="Root of the Monte Carlo checks [default: CL_THEORY_SEED, else from the commit]."
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Execute every chapter anew, even where nothing changed.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="One more parameter for the chapters."),
]


def build(
    profile: Profile = "smoke",
    chapter: Chapters = None,
    jobs: Jobs = None,
    seed: Seed = None,
    fresh: Fresh = False,
    parameter: Parameters = None,
) -> int:
    """Execute, compare with data/claims.json, render the site.

    With --chapter those are executed anew, and the others only where anything they depend on has changed:
    the site is always whole.
    """
    return _executed(True, profile, chapter, jobs, seed, fresh, parameter)


def check(
    profile: Profile = "smoke",
    chapter: Chapters = None,
    jobs: Jobs = None,
    seed: Seed = None,
    fresh: Fresh = False,
    parameter: Parameters = None,
) -> int:
    """Execute and compare with data/claims.json, render nothing."""
    return _executed(False, profile, chapter, jobs, seed, fresh, parameter)


def _executed(
    rendering: bool,
    profile: str,
    chapters: list[str] | None,
    jobs: int | None,
    seed: int | None,
    fresh: bool,
    parameters: list[str] | None,
) -> int:
    from cl_theory.proof.book.build_folder import alone
    from cl_theory.proof.book.checkout import find_checkout
    from cl_theory.proof.display import Display, say_rendered, shown_run, summarise, wish
    from cl_theory.proof.reader.rendering import render

    checkout, display, rendered = find_checkout(), Display(), None
    asked = wish(checkout, profile=profile, chapters=chapters, jobs=jobs, seed=seed, fresh=fresh, parameters=parameters)
    with alone(checkout, display.waiting):
        report = shown_run(checkout, asked, display, whole=rendering)
        if rendering and report.ok:
            with display.stage("render the site"):
                rendered = render(checkout, report)
    summarise(report, display)
    if not rendering:
        return FINE if report.ok else FAILED
    say_rendered(rendered, checkout, display)
    return FINE if rendered is not None and rendered.ok else FAILED


def pdf() -> int:
    """Print the site that was built last as one PDF, with the Chromium of this machine (minutes)."""
    from cl_theory.proof.book.build_folder import alone
    from cl_theory.proof.book.checkout import find_checkout
    from cl_theory.proof.display import Display
    from cl_theory.proof.reader.take_away import print_book

    checkout, display = find_checkout(), Display()
    with alone(checkout, display.waiting), display.stage("print the book"):
        path = print_book(checkout)
    print(f"the book: {path}")
    return FINE


Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the numbers changed; kept with them.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[IDS]...", help="Claims to accept [default: all].")]


def accept(reason: Reason, ids: Ids = None, jobs: Jobs = None, seed: Seed = None, fresh: Fresh = False) -> int:
    """Take this commit's numbers over into data/claims.json."""
    from cl_theory.proof.book.build_folder import alone
    from cl_theory.proof.book.checkout import find_checkout
    from cl_theory.proof.book.run import chapters_of, take_over
    from cl_theory.proof.display import Display, say_accepted, shown_run, summarise, wish

    checkout, display = find_checkout(), Display()
    identifiers = tuple(ids or ())
    chapters = chapters_of(checkout, identifiers, reason)
    asked = wish(checkout, profile="smoke", chapters=chapters, jobs=jobs, seed=seed, fresh=fresh)
    with alone(checkout, display.waiting):
        report = shown_run(checkout, asked, display, compare=False, reuse=True)
        accepted = take_over(checkout, report, reason=reason, identifiers=identifiers)
    summarise(report, display)
    say_accepted(accepted, checkout, display)
    return FINE if accepted.ok else FAILED


Id = Annotated[str | None, typer.Argument(metavar="[ID]", help="A claim [default: list all].")]


def claims(identifier: Id = None) -> int:
    """List the claims, or show one with its evidence."""
    from cl_theory.proof.book.checkout import find_checkout
    from cl_theory.proof.claim_view import list_claims, show_claim
    from cl_theory.proof.ledger.ledger import load

    ledger = load(find_checkout().ledger)
    if identifier is None:
        list_claims(ledger)
    else:
        from cl_theory.proof.book.run import known

        known([identifier])
        show_claim(identifier, ledger)
    return FINE


Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Experiments.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="An experiment.")]
All = Annotated[bool, typer.Option("--all", help="All experiments.")]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="tcp://HOST:PORT", help="A Dask scheduler [default: this machine alone]."),
]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="Cells at a time on this machine [default: the cores].")
]
Arms = Annotated[list[str] | None, typer.Option("--arm", metavar="ARM", help="Only this arm; may be repeated.")]
OneArm = Annotated[str | None, typer.Option("--arm", metavar="ARM", help="The curves of one arm, point by point.")]
SeedCount = Annotated[
    int | None, typer.Option("--seeds", metavar="N", help="Only the cells that hold the first N seeds of each arm.")
]


def list_all() -> int:
    """List the experiments: their size, whether results are stored, and what they cost."""
    from cl_theory.proof.book.checkout import find_checkout
    from cl_theory.proof.experiment_view import list_experiments
    from cl_theory.proof.experiments.standing import default_store

    checkout = find_checkout()
    list_experiments(default_store(checkout.root), checkout.experiments)
    return FINE


def run(
    names: Names = None,
    everything: All = False,
    scheduler: Scheduler = None,
    workers: Workers = None,
    arm: Arms = None,
    seeds: SeedCount = None,
) -> int:
    """Compute what is missing, and store each experiment that is complete in data/experiments.

    It may be stopped at any time, and goes on where it was; two runs at once share the work. With --arm or --seeds
    cells are computed, but nothing is stored in data/experiments. Of the second design --all runs the next stage of
    what has a question left open: run it again until status says that none is.
    """
    from cl_theory.proof.book.checkout import find_checkout
    from cl_theory.proof.experiment_view import Wish, run_as_wished

    wish = Wish(tuple(names or ()), everything, tuple(arm or ()), seeds, scheduler, workers)
    run_as_wished(find_checkout(), wish)
    return FINE


def status(names: Names = None, everything: All = False) -> int:
    """Say what is computed, in flight, missing or damaged, and whether the stored results are sound.

    Of all experiments: also which questions of the second design are answered, and what the others will take.
    """
    from cl_theory.proof.book.checkout import find_checkout
    from cl_theory.proof.experiment_view import chosen, show_questions, show_standing
    from cl_theory.proof.experiments.standing import default_store

    checkout = find_checkout()
    for one in chosen(tuple(names or ()), everything or not names):
        show_standing(one, default_store(checkout.root), checkout.experiments)
    if everything or not names:
        show_questions(checkout)
    return FINE


def show(name: Name, arm: OneArm = None) -> int:
    """Show an experiment: what it asks, how it is defined, and what it gave."""
    from cl_theory.proof.book.checkout import find_checkout
    from cl_theory.proof.experiment_view import show_curves, show_definition, show_results
    from cl_theory.proof.experiments.registered import experiment
    from cl_theory.proof.experiments.results import results

    defined = experiment(name)
    show_definition(defined)
    found = results(name, find_checkout().experiments)
    if arm is None:
        show_results(found)
    else:
        show_curves(found, arm)
    return FINE


def train(
    model: options.Model = "rbm",
    data: options.Data = "digits",
    estimator: options.Estimator = "isd",
    b: options.B = 0.5,
    order: options.Order = "bernoulli",
    chain: options.Chain = "persistent",
    steps: options.Steps = 10,
    length: options.Length = 200,
    length_law: options.LengthLaw = "fixed",
    baseline_rate: options.BaselineRate = 0.01,
    hidden: options.Hidden = None,
    size: options.Size = 4,
    phases: options.Phases = None,
    batch_size: options.BatchSize = 1,
    optimiser: options.Optimiser = None,
    learning_rate: options.LearningRate = None,
    weight_decay: options.WeightDecay = 0.0,
    no_visible_biases: options.NoVisibleBiases = False,
    seed: options.Seed = 0,
    folder: options.Folder = None,
    resume: options.Resume = False,
) -> int:
    """Train a model, watch it, and leave weights, curves and a plot in a folder."""
    asked = dict(locals())
    from cl_theory.learning.learners.loop import LearningDiverged
    from cl_theory.proof.train_view import filled_in, train_as_asked

    target, going_on = asked.pop("folder"), asked.pop("resume")
    try:
        train_as_asked(target or Path("runs") / f"{model}-{data}-{estimator}", filled_in(asked), resume=going_on)
    except (ValueError, ConnectionError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    except LearningDiverged as error:
        print(f"stopped: {error}", file=sys.stderr)
        return FAILED
    return FINE


EPILOG = (
    "Exit codes: 0 all held; 1 a chapter, a claim, a number or a page did not; 2 the command or its input was wrong; "
    "130 interrupted."
)
PLAIN: dict[str, Any] = {"no_args_is_help": True, "rich_markup_mode": None}

app = typer.Typer(
    name="cl-theory",
    help="Contrastive learning with flexible phases: execute the chapters, check every claim, render the book.",
    epilog=EPILOG,
    add_completion=False,
    pretty_exceptions_enable=False,
    **PLAIN,
)
experiments = typer.Typer(help="List and run the experiments, see how they stand and what they gave.", **PLAIN)
COMMANDS: tuple[Callable[..., int], ...] = (build, check, pdf, accept, claims, train)
ON_EXPERIMENTS: dict[str, Callable[..., int]] = {"list": list_all, "run": run, "status": status, "show": show}
for command in COMMANDS:
    app.command()(exiting(command))
for name, command in ON_EXPERIMENTS.items():
    experiments.command(name)(exiting(command))
app.add_typer(experiments, name="experiment")


def main() -> None:
    """Run the command line; the process ends with one of the exit codes of the help text."""
    app()
