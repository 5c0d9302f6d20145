"""How many draws: the exact model and named planted errors give n, before anything is drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cl_theory.arguments import finite
from cl_theory.proof.checks.normality import (
    CONSTANT,
    CONSTANT_SEEN,
    Whitening,
    draws_for_clt,
    largest_kappa,
    mean_kappa,
)
from cl_theory.proof.checks.stages import (
    ALPHA,
    POWER,
    POWER_FLOOR,
    ThreeStages,
    draws_needed,
    planned_power,
    rounded_up,
    visible_shift,
)

LARGEST_MEAN = 32


@dataclass(frozen=True)
class Plan:
    """What every Monte Carlo plan says: the draws of the first stage, the rule, the power against `weakest`.

    `power` is what the three stages have at least, against each named planted error. `smallest_error` is relative
    to `scale`. `least_per_draw` is the noncentrality per draw that a pass needs to have a power of POWER_FLOOR.
    """

    n: int
    rule: ThreeStages
    power: float
    weakest: str
    smallest_error: float
    scale: float
    least_per_draw: float = field(repr=False)

    @property
    def alpha(self) -> float:
        """The false-alarm rate to charge to the run's budget."""
        return self.rule.alpha

    def __str__(self) -> str:
        return (
            f"n = {self.n:,} (then {4 * self.n:,}, {16 * self.n:,}), alpha = {self.alpha:g}, "
            f"1 - power = {1 - self.power:.1e} against {self.weakest!r}, sees {self.smallest_error:.2e} of the scale"
        )


@dataclass(frozen=True)
class MeanPlan(Plan):
    """Plan of Hotelling's T^2 for a mean in R^k; made by `plan_mean`."""

    shifts: Mapping[str, np.ndarray] = field(repr=False)
    whitening: Whitening = field(repr=False)

    @property
    def k(self) -> int:
        """Coordinates of the statistic."""
        return self.whitening.k


@dataclass(frozen=True)
class CoordinatePlan(Plan):
    """Plan of the largest |t| of d coordinates with Bonferroni; made by `plan_coordinates`."""

    shifts: Mapping[str, np.ndarray] = field(repr=False)
    variance: np.ndarray = field(repr=False)
    skewness: np.ndarray | None = field(repr=False)

    @property
    def tests(self) -> int:
        """How many coordinates share the false-alarm rate."""
        return int(self.varies.sum())

    @property
    def varies(self) -> np.ndarray:
        """Which coordinates have a variance; the others are compared exactly."""
        return self.variance > 0

    def moves_a_constant(self, shift: np.ndarray) -> bool:
        """Whether `shift` moves a coordinate that never varies."""
        return bool((np.abs(shift[~self.varies]) > CONSTANT_SEEN * self.scale).any())


def plan_mean(
    shifts: Mapping[str, Any],
    covariance: Any,
    *,
    scale: Any,
    alpha: float = ALPHA,
    power: float = POWER,
    skewness: Any = None,
    least: int = 0,
) -> MeanPlan:
    r"""Plan a test of the mean of a statistic vector Y in R^k, k <= 32, from the exact `covariance` (k, k) of Y.

    `shifts` names each planted error with what it adds to E Y, (k,). n is the smallest (rounded up to 3 digits)
    for which the three-stage Hotelling test catches the weakest of them with probability `power`: per draw its
    noncentrality is :math:`\delta^2 = \text{shift}^\top S^{-1} \text{shift}`, and the power is that of the
    noncentral F law over all three stages. Given the exact `skewness` (k,) of Y, n is raised until the CLT gate
    holds with room; without it the gate may leave the check inconclusive when it runs. `least` is a floor for n.

    `scale`, a number or one per coordinate, says what errors are relative to (the target, its rms, or declared).
    `smallest_error` is the largest, over the named directions, of the part of the shift that n draws would still
    have seen with `power`, measured as ``max |shift / scale|``.

    A combination of coordinates that is constant under `covariance` is left out of T^2 and compared within
    1e-6 of its scale. ValueError if a shift is 0 (the mean cannot see that error), if nothing varies, k > 32.
    """
    matrix = finite(np.atleast_2d(np.asarray(covariance, dtype=float)), "covariance")
    k = len(matrix)
    if k > LARGEST_MEAN:
        raise ValueError(f"Hotelling's test takes at most {LARGEST_MEAN} coordinates, got {k}; use plan_coordinates")
    rule, moves, scales = ThreeStages(alpha), _named_shifts(shifts, k), _scales(scale, k)
    whitening = Whitening.of(matrix, scales)
    gate = draws_for_clt(largest_kappa, None if skewness is None else _vector(skewness, k, "skewness"), rule)
    common = _common(
        {name: whitening.squared(move) for name, move in moves.items()},
        {name: float(np.abs(move / scales).max()) for name, move in moves.items()},
        rule,
        power,
        k=whitening.rank,
        least=max(gate, least),
    )
    return MeanPlan(**common, scale=float(scales.max()), shifts=moves, whitening=whitening)


def plan_coordinates(
    shifts: Mapping[str, Any],
    variance: Any,
    *,
    scale: Any,
    alpha: float = ALPHA,
    power: float = POWER,
    skewness: Any = None,
    least: int = 0,
) -> CoordinatePlan:
    """Plan a test of hundreds of coordinates by their largest |t| with Bonferroni, from their exact `variance` (d,).

    As `plan_mean`, but a planted error is counted by the one coordinate that shows it best, so that the power is a
    lower bound under any dependence. The CLT gate asks that the mean over coordinates of cosh(kappa), which bounds
    the size of a Bonferroni test, is at most cosh(0.25). Coordinates without variance are compared exactly.
    """
    spread = finite(np.asarray(variance, dtype=float), "variance")
    if spread.ndim != 1 or not (spread >= 0).all():
        raise ValueError(f"variance must be a vector without negative entries, got shape {spread.shape}")
    rule, moves, scales = ThreeStages(alpha), _named_shifts(shifts, len(spread)), _scales(scale, len(spread))
    spread = np.where(np.sqrt(spread) > CONSTANT * scales, spread, 0.0)
    if not spread.any():
        raise ValueError("no coordinate varies; compare with `close` or `equal_exactly`")
    skew = None if skewness is None else _vector(skewness, len(spread), "skewness")
    gate = draws_for_clt(mean_kappa, None if skew is None else skew[spread > 0], rule)
    shown = {name: _best_coordinate(move, spread, scales) for name, move in moves.items()}
    common = _common(
        {name: squared for name, (squared, _) in shown.items()},
        {name: size for name, (_, size) in shown.items()},
        rule,
        power,
        tests=int((spread > 0).sum()),
        least=max(gate, least),
    )
    return CoordinatePlan(**common, scale=float(scales.max()), shifts=moves, variance=spread, skewness=skew)


def _common(
    per_draw: Mapping[str, float],
    sizes: Mapping[str, float],
    rule: ThreeStages,
    power: float,
    *,
    k: int = 1,
    tests: int = 1,
    least: int = 0,
) -> dict[str, Any]:
    # From each planted error's noncentrality per draw and its size relative to the scale.
    planned_power(power)
    weakest = min(per_draw, key=lambda name: per_draw[name])
    n = max(draws_needed(min(per_draw[weakest], 1.0), k, rule, power, tests), rounded_up(least))
    seen = visible_shift(n, k, rule, power, tests)
    smallest = max(sizes[name] * min(1.0, math.sqrt(seen / per_draw[name])) for name in sizes)
    return {
        "n": n,
        "rule": rule,
        "power": power,
        "weakest": weakest,
        "smallest_error": float(f"{max(smallest, CONSTANT_SEEN):.3g}"),
        "least_per_draw": visible_shift(n, k, rule, POWER_FLOOR, tests),
    }


def _best_coordinate(move: np.ndarray, variance: np.ndarray, scales: np.ndarray) -> tuple[float, float]:
    # How well the one coordinate that shows a planted error best shows it, and how large the error is there.
    squared = np.divide(move**2, variance, out=np.zeros_like(move), where=variance > 0)
    squared[(variance == 0) & (np.abs(move) > CONSTANT_SEEN * scales)] = np.inf
    best = int(squared.argmax())
    return float(squared[best]), float(np.abs(move[best]) / scales[best])


def _named_shifts(shifts: Mapping[str, Any], k: int) -> dict[str, np.ndarray]:
    if not shifts:
        raise ValueError("shifts must name at least one planted error, got none")
    moves = {name: _vector(move, k, f"shift {name!r}") for name, move in shifts.items()}
    for name, move in moves.items():
        if not move.any():
            raise ValueError(f"shift {name!r} is 0: this mean cannot see it; add a second moment, or plan_proportion")
    return moves


def _vector(value: Any, k: int, name: str) -> np.ndarray:
    vector = finite(np.atleast_1d(np.asarray(value, dtype=float)), name)
    if vector.shape != (k,):
        raise ValueError(f"{name} must have shape ({k},), got {vector.shape}")
    return vector


def _scales(scale: Any, k: int) -> np.ndarray:
    scales = finite(np.broadcast_to(np.asarray(scale, dtype=float), (k,)), "scale")
    if not (scales > 0).all():
        raise ValueError(f"scale must be above 0, got {float(scales.min())!r}; declare what errors are relative to")
    return scales
