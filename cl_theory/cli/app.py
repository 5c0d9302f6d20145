"""The commands, put together, and what their exit codes mean."""

import typer

from cl_theory.cli.accept import register_accept
from cl_theory.cli.build import register_build
from cl_theory.cli.check import register_check
from cl_theory.cli.claims import register_claims
from cl_theory.cli.experiment import register_experiment
from cl_theory.cli.train import register_train

COMMANDS = (register_build, register_check, register_accept, register_claims, register_train, register_experiment)
"""Each adds its command to the app, in the order of the help text."""

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
for register in COMMANDS:
    register(app)


def main() -> None:
    """Run the command line; the process ends with one of the exit codes of the help text."""
    app()
