"""The commands, put together, and what their exit codes mean."""

import typer

from cl_theory.cli import accept, build, check, claims, experiment, train

COMMANDS = (build, check, accept, claims, train, experiment)
"""Each module defines ``register(app)``; a new command is a new module here."""

EPILOG = (
    "Exit codes: 0 all held; 1 a chapter, a claim, a number or a page did not; 2 the command or its input was wrong; "
    "130 interrupted."
)

app = typer.Typer(
    name="cl-theory",
    help="Contrastive learning with flexible phases: execute the chapters, check every claim, render the book.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in COMMANDS:
    command.register(app)


def main() -> None:
    """Run the command line; the process ends with one of the exit codes of the help text."""
    app()
