"""Statements as objects, and the systems that they are tried on: one formula, printed, proved and checked."""

from cl_theory.statements.algebra import averaged, glossary, latex_of, matrix, remainder, scalar, value_of, vector
from cl_theory.statements.statement import Statement, bound, equation, statements
from cl_theory.statements.system import System

__all__ = [
    "Statement", "System", "averaged", "bound", "equation", "glossary", "latex_of", "matrix", "remainder", "scalar",
    "statements", "value_of", "vector",
]  # fmt: skip
