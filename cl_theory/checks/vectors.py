"""Vectors and outer products of symbolic length, read off coefficient by coefficient."""

import sympy as sp


def coefficients(expression: sp.Expr, *terms: sp.Expr) -> sp.Tuple:
    """Coefficients of `terms` in a matrix expression of any, also symbolic, size; factored.

    For a combination such as a g + b h of `MatrixSymbol` g, h, or of outer products such as g g'. It vanishes for
    all values of the terms if all coefficients do. ValueError if anything else is left in the expression.
    """
    combination = sp.expand(expression)
    found = dict.fromkeys(terms, sp.Integer(0))
    for part in combination.args if isinstance(combination, sp.MatAdd) else (combination,):
        scalar, matrix = part.as_coeff_mmul() if isinstance(part, sp.MatMul) else (sp.Integer(1), part)
        matrix = matrix.doit()  # a product of one factor is that factor
        if matrix.is_ZeroMatrix:
            continue
        if matrix not in found:
            raise ValueError(f"expression must be a combination of {', '.join(map(str, terms))}, found {matrix}")
        found[matrix] += scalar
    return sp.Tuple(*(sp.factor(found[term]) for term in terms))
