"""``cl-theory build``: execute, compare, render."""

import typer

from cl_theory.cli.exits import FAILED, FINE, exiting
from cl_theory.cli.options import Chapters, Fresh, Jobs, Parameters, Profile, Seed


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
    from cl_theory.book.build_folder import alone
    from cl_theory.book.checkout import find_checkout
    from cl_theory.book.rendering import render
    from cl_theory.cli.display import Display
    from cl_theory.cli.summary import say_rendered, summarise
    from cl_theory.cli.wishes import shown_run, wish

    checkout, display = find_checkout(), Display()
    asked = wish(checkout, profile=profile, chapters=chapter, jobs=jobs, seed=seed, fresh=fresh, parameters=parameter)
    with alone(checkout, display.waiting):
        report = shown_run(checkout, asked, display, whole=True)
        rendered = None
        if report.ok:
            with display.stage("render the site"):
                rendered = render(checkout, report)
    summarise(report, display)
    say_rendered(rendered, checkout, display)
    return FINE if rendered is not None and rendered.ok else FAILED


def register_build(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(exiting(build))
