"""Exit codes that a machine can trust."""

import functools
import signal
import sys
from collections.abc import Callable
from typing import Any

import typer

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
    from cl_theory.book.checkout import BookError
    from cl_theory.claims.ledger import LedgerError
    from cl_theory.experiments.definition import ExperimentError

    return isinstance(error, BookError | LedgerError | ExperimentError)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt  # the same way out as Ctrl-C, so that workers are stopped
