"""``cl-theory check``: execute and compare, without rendering."""

import typer

from cl_theory.cli.exits import FAILED, FINE, exiting
from cl_theory.cli.options import Chapters, Fresh, Jobs, Parameters, Profile, Seed


def check(
    profile: Profile = "smoke",
    chapter: Chapters = None,
    jobs: Jobs = None,
    seed: Seed = None,
    fresh: Fresh = False,
    parameter: Parameters = None,
) -> int:
    """Execute and compare with data/claims.json, render nothing."""
    from cl_theory.book.build_folder import alone
    from cl_theory.book.checkout import find_checkout
    from cl_theory.cli.display import Display
    from cl_theory.cli.summary import summarise
    from cl_theory.cli.wishes import shown_run, wish

    checkout, display = find_checkout(), Display()
    asked = wish(checkout, profile=profile, chapters=chapter, jobs=jobs, seed=seed, fresh=fresh, parameters=parameter)
    with alone(checkout, display.waiting):
        report = shown_run(checkout, asked, display)
    summarise(report, display)
    return FINE if report.ok else FAILED


def register_check(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(exiting(check))
