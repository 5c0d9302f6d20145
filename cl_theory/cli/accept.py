"""``cl-theory accept``: the one way to change data/claims.json."""

from typing import Annotated

import typer

from cl_theory.cli.exits import FAILED, FINE, exiting
from cl_theory.cli.options import Fresh, Jobs, Seed

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the numbers changed; kept with them.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[IDS]...", help="Claims to accept [default: all].")]


def accept(reason: Reason, ids: Ids = None, jobs: Jobs = None, seed: Seed = None, fresh: Fresh = False) -> int:
    """Take this commit's numbers over into data/claims.json."""
    from cl_theory.book.build_folder import alone
    from cl_theory.book.checkout import find_checkout
    from cl_theory.book.run import chapters_of, take_over
    from cl_theory.cli.display import Display
    from cl_theory.cli.summary import say_accepted, summarise
    from cl_theory.cli.wishes import shown_run, wish

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


def register_accept(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(exiting(accept))
