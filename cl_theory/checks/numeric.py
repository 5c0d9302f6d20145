"""Deterministic float64 against an exact or independent value, and against upper bounds."""

from typing import Any

import numpy as np

from cl_theory.arguments import finite, positive
from cl_theory.checks.exact import LEADING
from cl_theory.checks.outcome import Outcome

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
