"""Options that several commands share."""

from typing import Annotated

import typer

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
