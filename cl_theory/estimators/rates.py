"""Rates of moving averages."""

from typing import Any


def smoothing_rate(rate: Any) -> Any:
    """Return `rate` if 0 < rate <= 1, the share that a moving average takes from the newest value; else ValueError."""
    if not 0 < rate <= 1:
        raise ValueError(f"rate must lie in (0, 1], got {rate!r}")
    return rate
