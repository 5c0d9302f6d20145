"""What the experiments share: run lengths of the source, tuning grids, and seeds kept apart for tuning."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cl_theory.proof.experiments.definition import Seeds

PHASES = 80_000
"""Phases of a run on an RBM, as in the source, of 200 sweeps each."""

SWEEPS = 200
COMPARED, TUNED_ON = 0, 1000
"""First seed of the comparisons, and of the runs that rates are tuned on: never the same."""

MOMENTS = ("second_moment_positive", "second_moment_negative", "mean_squared")
"""Measures of m+, m- and the squared mean."""

B_GRID = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
BASELINE_RATE = 0.01

TWO_TERM: Mapping[str, Any] = {"estimator": "two-term"}


def isd(b: float = 0.5) -> dict[str, Any]:
    """ISD at b."""
    return {"estimator": "isd", "schedule": {"b": b}}


def centred_isd() -> dict[str, Any]:
    """ISD at 1/2 around a running baseline."""
    return {"estimator": "centred-isd", "schedule": {"b": 0.5, "baseline_rate": BASELINE_RATE}}


def always_on(law: str, *, centred: bool = False) -> dict[str, Any]:
    """ISD at 1/2 that learns at every sweep of phases of 200 sweeps on average."""
    schedule: dict[str, Any] = {"b": 0.5, "length": SWEEPS, "length_law": law}
    if not centred:
        return {"estimator": "always-on-isd", "schedule": schedule}
    schedule["baseline_rate"] = BASELINE_RATE
    return {"kind": "centred-always-on", "estimator": "always-on-isd", "schedule": schedule}


ESTIMATORS: Mapping[str, Mapping[str, Any]] = {"two-term": TWO_TERM, "isd": isd(), "centred-isd": centred_isd()}


def with_moments(settings: Mapping[str, Any], every: int) -> dict[str, Any]:
    """The measures of `settings`, and the moments at each `every`-th point."""
    return {"measures": {**settings["measures"], **dict.fromkeys(MOMENTS, every)}}


def every(step: int, last: int = PHASES, *early: int) -> tuple[int, ...]:
    """0, some early points, step, 2 step, ... last."""
    return tuple(sorted({*early, *range(0, last + 1, step)}))


def at_rates(arms: Mapping[str, Mapping[str, Any]], rates: Iterable[float]) -> dict[str, dict[str, Any]]:
    """Each arm at each rate, as "name @ rate"."""
    return {f"{name} @ {rate:g}": {**own, "rate": rate} for name, own in arms.items() for rate in rates}


def with_rates(arms: Mapping[str, Mapping[str, Any]], rates: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Each arm at its own tuned rate."""
    return {name: {**own, "rate": rates[name]} for name, own in arms.items()}


def tuned_on(count: int) -> Seeds:
    """Seeds for tuning."""
    return Seeds(TUNED_ON, count)


def compared(count: int) -> Seeds:
    """Seeds for comparisons."""
    return Seeds(COMPARED, count)


def by_b(values: Sequence[float] = B_GRID) -> dict[str, dict[str, Any]]:
    """ISD at each b, as "b = 0.2"."""
    return {f"b = {b:g}": isd(b) for b in values}
