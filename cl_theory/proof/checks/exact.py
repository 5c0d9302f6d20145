"""Comparisons without draws: rationals exactly, floats within a stated tolerance.

`numpy.testing` raises where values differ; here that is an outcome, which says how many differ and where.
"""

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive
from cl_theory.proof.checks.outcome import Outcome

LEADING = 12
"""How many values a record spells out; the digest covers all of them."""


def equal_exactly(value: Any, target: Any, *, scope: str) -> Outcome:
    """Whether every rational of `value` equals its partner in `target`.

    Scalars, nested lists or arrays of int, Fraction, SymPy Rational or python-flint fmpq. TypeError at a float,
    ValueError at different or empty shapes.
    """
    ours, theirs = _same_places(value, target)
    return _outcome(ours, theirs, [a != b for a, b in zip(ours, theirs, strict=True)], scope, {})


def at_least_exactly(value: Any, bound: Any, *, scope: str, strict: bool = False) -> Outcome:
    """Whether every rational of `value` is at least (`strict`: above) its `bound`, one for all or one each."""
    ours, theirs = _same_places(value, bound, one_for_all=True)
    slacks = [a - b for a, b in zip(ours, theirs, strict=True)]
    wrong = [slack < 0 or (strict and slack == 0) for slack in slacks]
    return _outcome(ours, theirs, wrong, scope, {"least_slack": _text(min(slacks))})


def as_fraction(value: Any) -> Fraction:
    """`value` as a Fraction; TypeError unless it is an exact rational."""
    if isinstance(value, Rational) and not isinstance(value, bool):
        return Fraction(int(value.numerator), int(value.denominator))
    if hasattr(value, "p") and hasattr(value, "q"):  # of python-flint
        return Fraction(int(value.p), int(value.q))
    remedy = "use `close` for floats, `vanishes` for formulas, Fraction(1, 100) for 0.01"
    raise TypeError(f"an exact comparison needs rationals, got {value!r} of type {type(value).__name__}; {remedy}")


def _same_places(value: Any, other: Any, one_for_all: bool = False) -> tuple[list[Fraction], list[Fraction]]:
    (shape, ours), (other_shape, theirs) = _flat(value), _flat(other)
    if one_for_all and other_shape == ():
        theirs = theirs * len(ours)
    elif shape != other_shape:
        raise ValueError(f"shapes must agree, got {shape} and {other_shape}")
    if not ours:
        raise ValueError("nothing to compare: got an empty array")
    return ours, theirs


def _flat(value: Any) -> tuple[tuple[int, ...], list[Fraction]]:
    if hasattr(value, "tolist") and not isinstance(value, np.ndarray):  # SymPy matrices
        value = value.tolist()
    elif hasattr(value, "table"):  # python-flint matrices
        value = value.table()
    array = np.asarray(value, dtype=object)
    if any(isinstance(entry, Sequence) for entry in array.flat):
        raise ValueError("nested lists must have equal lengths at each depth")
    return array.shape, [as_fraction(entry) for entry in array.ravel().tolist()]


def _outcome(
    ours: list[Fraction], theirs: list[Fraction], wrong: list[bool], scope: str, more: Mapping[str, Any]
) -> Outcome:
    texts = [_text(entry) for entry in ours]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    values = {"leading": texts[:LEADING], "count": len(texts), "sha256": digest, **more}
    if any(wrong):
        place = wrong.index(True)
        first = {"place": place, "value": texts[place], "target": _text(theirs[place])}
        values |= {"differences": sum(wrong), "first_difference": first}
    return Outcome("exact", scope, not any(wrong), values, 0.0, cost=len(ours))


def _text(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


TOLERANCE = 1e-10


def close(value: Any, target: Any, *, scope: str, scale: float | None = None, tolerance: float = TOLERANCE) -> Outcome:
    """Whether ``max |value - target| <= tolerance * scale``; `scale` is max |target| unless declared.

    NaN in `value` fails; NaN in `target`, different or empty shapes and a scale of 0 are ValueErrors. The target
    is what is recorded, so that the record does not depend on rounding in `value`.
    """
    ours, theirs = _floats(value, "value"), finite(_floats(target, "target"), "target")
    if ours.shape != theirs.shape:
        raise ValueError(f"shapes must agree, got value {ours.shape} and target {theirs.shape}")
    scale = _scale(theirs, scale)
    positive(tolerance, "tolerance")
    values: dict[str, Any] = {"target": theirs.ravel()[:LEADING].tolist(), "count": theirs.size}
    if not np.isfinite(ours).all():
        return Outcome("numeric", scope, False, values | _not_finite(ours), tolerance, scale, cost=theirs.size)
    error = float(np.abs(ours - theirs).max()) / scale
    details = {"largest_error": error, "tolerance": tolerance}
    return Outcome("numeric", scope, error <= tolerance, values, tolerance, scale, details, theirs.size)


def below(value: Any, bound: Any, *, scope: str, tolerance: float = TOLERANCE) -> Outcome:
    """Whether every `value` is at most its `bound` (one for all or one each, above 0), but for rounding.

    Records the largest ratio r = value/bound; `smallest_error` is 1 - r, the part of the bound by which it could
    be lowered unseen: an inequality with much room sees little, so check the exact gap beside it.
    """
    ours, bounds = _floats(value, "value"), finite(_floats(bound, "bound"), "bound")
    if bounds.shape not in ((), ours.shape):
        raise ValueError(f"shapes must agree, got value {ours.shape} and bound {bounds.shape}")
    if not (bounds > 0).all():
        raise ValueError(f"every bound must be above 0, got {float(bounds.min())!r}")
    if not np.isfinite(ours).all():
        return Outcome("numeric", scope, False, _not_finite(ours), tolerance, cost=ours.size)
    ratio = float((ours / bounds).max())
    values = {"largest_ratio": ratio, "count": ours.size}
    return Outcome("numeric", scope, ratio <= 1 + tolerance, values, max(1 - ratio, tolerance), cost=ours.size)


def _floats(value: Any, name: str) -> np.ndarray:
    if np.iscomplexobj(value):
        raise TypeError(f"{name} must be real, got complex numbers; compare real and imaginary parts")
    result = np.asarray(value, dtype=float)
    if result.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {result.shape}")
    return result


def _scale(target: np.ndarray, scale: float | None) -> float:
    if scale is not None:
        return float(positive(scale, "scale"))
    largest = float(np.abs(target).max())
    if largest == 0:
        raise ValueError("the target is 0, so relative to what? declare scale")
    return largest


def _not_finite(value: np.ndarray) -> dict[str, Any]:
    place = np.argwhere(~np.isfinite(value))[0].tolist()
    return {"not_finite_at": place, "not_finite": int((~np.isfinite(value)).sum())}
