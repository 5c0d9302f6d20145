"""The budget of false alarms over one run."""

from collections.abc import Iterable, Mapping
from typing import Any

from cl_theory.checks.outcome import Outcome

BUDGET = 1e-4
"""Sum of the false-alarm rates of all Monte Carlo statistics of one run."""


def alpha_spent(checks: Iterable[Outcome | Mapping[str, Any]]) -> float:
    """Sum of alpha over the Monte Carlo checks among `checks`: outcomes, recorded checks, or whole records.

    By the union bound this is the probability that any of them fails although all is right. Controls are not
    charged: their failing is wanted. ValueError if a Monte Carlo check does not say its alpha.
    """
    return sum(_alpha(check) for check in checks)


def _alpha(check: Outcome | Mapping[str, Any]) -> float:
    if isinstance(check, Mapping) and "checks" in check:  # a claim's whole record
        return alpha_spent(check["checks"])
    level, scope, details = (
        (check["level"], check["scope"], check["details"])
        if isinstance(check, Mapping)
        else (check.level, check.scope, check.details)
    )
    if level != "monte_carlo":
        return 0.0
    alpha = details.get("alpha")
    if not isinstance(alpha, float) or not 0 < alpha < 1:
        raise ValueError(f"Monte Carlo check {scope!r} must record its alpha in details, got {alpha!r}")
    return alpha
