"""The command line. Each command is a file of its own; nothing heavy is imported before one runs."""

from cl_theory.cli.app import main

__all__ = ["main"]
