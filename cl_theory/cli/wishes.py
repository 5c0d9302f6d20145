"""From options to a run: shared by the commands that execute chapters."""

import json
from collections.abc import Sequence
from typing import Any

from cl_theory.book.checkout import BookError, Checkout, gate_seed
from cl_theory.book.run import Report, Wish, run
from cl_theory.cli.display import Display


def wish(
    checkout: Checkout,
    *,
    profile: str,
    chapters: Sequence[str] | None,
    jobs: int | None,
    seed: int | None,
    fresh: bool,
    parameters: Sequence[str] | None = None,
) -> Wish:
    """A checked wish; BookError names the option that is wrong."""
    return Wish(
        seed=gate_seed(checkout.root, seed),
        profile=profile,
        chapters=tuple(chapters or ()),
        jobs=jobs,
        fresh=fresh,
        parameters=dict(_pair(text) for text in parameters or ()),
    )


def shown_run(checkout: Checkout, asked: Wish, display: Display, **how: Any) -> Report:
    """`run` with its progress on the screen."""
    display.opening(asked)
    with display:
        return run(checkout, asked, listener=display, **how)


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise BookError(f"--parameter must be NAME=VALUE, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
