"""Numbers for the prose of a chapter."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cl_theory.proof.checks.comparisons import Effect
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.experiments.results import ArmResults

Number = float | str | Effect | Outcome


def glue_numbers(
    numbers: Mapping[str, Number] | None = None, /, by: Callable[[Any], Any] = lambda x: x, **named: Number
) -> None:
    """Glue each number under its name, for ``{glue:text}`name:.3f```; what is no letter, digit or point is a hyphen.

    An effect or a decision is glued with the ends of its interval, "name-low" and "name-high". `by` is applied to all:
    `percent`, `percent_more`.
    """
    from myst_nb import glue

    for words, value in {**(numbers or {}), **named}.items():
        name = re.sub(r"[^\w.]+|_", "-", words)
        for end, number in zip(("", "-low", "-high"), _numbers(value, by), strict=False):
            glue(name + end, number if isinstance(number, int | str) else float(number), display=False)


def glue_decisions(decided: Mapping[str, Outcome]) -> None:
    """Glue each decision with the ends of its interval, shares of rows as hundredths."""
    for name, outcome in decided.items():
        glue_numbers({name: outcome}, by=percent if outcome.values["unit"] == "of test rows" else lambda x: x)


def glue_means(
    name: str, measure: Callable[[ArmResults], np.ndarray], arms: Mapping[str, ArmResults], by: Callable = lambda x: x
) -> None:
    """Glue the mean over seeds of what is measured of each arm, under `name` and the arm's name."""
    glue_numbers({f"{name}-{of}": float(measure(arm).mean()) for of, arm in arms.items()}, by=by)


def percent(share: float) -> float:
    """Hundredths."""
    return 100 * share


def percent_more(log_ratio: float) -> float:
    """By how many hundredths a quantity is larger, from the logarithm of a ratio."""
    return 100 * (np.exp(log_ratio) - 1)


def percent_less(log_ratio: float) -> float:
    """By how many hundredths a quantity is smaller, from the logarithm of a ratio."""
    return 100 * (1 - np.exp(log_ratio))


def _numbers(value: Number, by: Callable[[Any], Any]) -> list[Any]:
    """A number, or the estimate and the ends of its interval in ascending order."""
    if isinstance(value, Outcome):
        effect, ends = value.values["effect"], value.values["interval"]
    elif isinstance(value, Effect):
        effect, ends = value.estimate, (value.low, value.high)
    else:
        return [by(value)]
    return [by(effect), *sorted(map(by, ends))]
