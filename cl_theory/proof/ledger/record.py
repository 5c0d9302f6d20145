"""The record of a claim's evidence, as plain JSON: what travels in a notebook and lies in ``data/claims.json``."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

MIME = "application/vnd.cl-theory.evidence+json"
FORMAT = 2


def plain(value: Any) -> Any:
    """`value` as JSON: rationals become "p/q", formulas text, arrays lists. ValueError at NaN or infinity."""
    match value:
        case None | bool() | str():
            return value
        case Mapping():
            return {str(name): plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case np.ndarray():
            return plain(value.tolist())
        case Fraction():
            return rational_text(value)
        case int() | np.integer():
            return int(value)
        case float() | np.floating():
            if not math.isfinite(value):
                raise ValueError(f"a recorded number must be finite, got {value!r}")
            return float(value)
        case np.bool_():
            return bool(value)
    if hasattr(value, "p") and hasattr(value, "q"):  # a rational of SymPy or of python-flint
        return rational_text(Fraction(int(value.p), int(value.q)))
    if hasattr(value, "free_symbols"):  # a formula; SymPy is not loaded where only a list of claims is shown
        return str(value)
    raise ValueError(f"cannot record a {type(value).__name__}: pass rationals, floats, formulas or lists of them")


def rational_text(value: Any) -> str:
    """A rational as "p/q" with q > 0, whole numbers as "p/1", so that a rational is never taken for a float."""
    numerator, denominator = (value.numerator, value.denominator)
    return f"{int(numerator)}/{int(denominator)}"


def is_rational_text(value: Any) -> bool:
    """Whether `value` is text of the form "p/q"."""
    if not isinstance(value, str):
        return False
    numerator, slash, denominator = value.partition("/")
    return bool(slash) and numerator.lstrip("-").isdigit() and denominator.isdigit()


CHECK_FIELDS = {"level", "scope", "passed", "values", "scale", "smallest_error", "details", "cost", "controls", "of"}
RECORD_FIELDS = {"format", "claim", "profile", "seed", "statements", "checks", "witnesses", "printed"}


def validated(record: Any, origin: str) -> dict[str, Any]:
    """`record` if it has the shape this version writes; ValueError that names `origin` and what is wrong."""
    if not isinstance(record, dict):
        raise ValueError(f"{origin}: evidence must be a JSON object, got {type(record).__name__}")
    if record.get("format") != FORMAT:
        raise ValueError(f"{origin}: evidence has format {record.get('format')!r}, this version reads {FORMAT}")
    if set(record) != RECORD_FIELDS:
        raise ValueError(f"{origin}: evidence fields differ: {sorted(set(record) ^ RECORD_FIELDS)}")
    for check in record["checks"]:
        if set(check) != CHECK_FIELDS:
            raise ValueError(f"{origin}: fields of a check differ: {sorted(set(check) ^ CHECK_FIELDS)}")
    return record
