"""``cl-theory claims``: list the claims, or show one with its evidence."""

from typing import Annotated

import typer

from cl_theory.cli.exits import FINE, exiting

Id = Annotated[str | None, typer.Argument(metavar="[ID]", help="A claim [default: list all].")]


def claims(identifier: Id = None) -> int:
    """List the claims, or show one with its evidence."""
    from cl_theory.book.checkout import find_checkout
    from cl_theory.claims.ledger import load
    from cl_theory.cli.claim_view import list_claims, show_claim

    ledger = load(find_checkout().ledger)
    if identifier is None:
        list_claims(ledger)
    else:
        from cl_theory.book.run import known  # with it come kernels and experiments, which a list does not need

        known([identifier])
        show_claim(identifier, ledger)
    return FINE


def register_claims(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(exiting(claims))
