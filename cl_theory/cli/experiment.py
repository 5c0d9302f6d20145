"""``cl-theory experiment``: list the experiments, run them, and look at how they stand and what they gave."""

from typing import Annotated

import typer

from cl_theory.cli.exits import FINE, exiting

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

commands = typer.Typer(help="List and run the experiments, see how they stand and what they gave.",
                       no_args_is_help=True, rich_markup_mode=None)  # fmt: skip


def list_all() -> int:
    """List the experiments: their size, whether results are stored, and what they cost."""
    from cl_theory.book.checkout import find_checkout
    from cl_theory.cli.experiment_view import list_experiments
    from cl_theory.experiments.execution import default_store

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
    cells are computed, but nothing is stored in data/experiments.
    """
    from cl_theory.book.checkout import find_checkout
    from cl_theory.cli.experiment_run import Wish, run_as_wished

    wish = Wish(tuple(names or ()), everything, tuple(arm or ()), seeds, scheduler, workers)
    run_as_wished(find_checkout(), wish)
    return FINE


def status(names: Names = None, everything: All = False) -> int:
    """Say what is computed, in flight, missing or damaged, and whether the stored results are sound."""
    from cl_theory.book.checkout import find_checkout
    from cl_theory.cli.experiment_run import chosen
    from cl_theory.cli.experiment_view import show_standing
    from cl_theory.experiments.execution import default_store

    checkout = find_checkout()
    for one in chosen(tuple(names or ()), everything or not names):
        show_standing(one, default_store(checkout.root), checkout.experiments)
    return FINE


def show(name: Name, arm: OneArm = None) -> int:
    """Show an experiment: what it asks, how it is defined, and what it gave."""
    from cl_theory.book.checkout import find_checkout
    from cl_theory.cli.experiment_view import show_curves, show_definition, show_results
    from cl_theory.experiments import experiment, results

    defined = experiment(name)
    show_definition(defined)
    found = results(name, find_checkout().experiments)
    if arm is None:
        show_results(found)
    else:
        show_curves(found, arm)
    return FINE


def register_experiment(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    commands.command("list")(exiting(list_all))
    commands.command()(exiting(run))
    commands.command()(exiting(status))
    commands.command()(exiting(show))
    app.add_typer(commands, name="experiment")
