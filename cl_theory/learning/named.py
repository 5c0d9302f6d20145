"""Chains, schedules, phase lengths and optimisers by the names that command lines and stored settings use."""

from collections.abc import Callable, Mapping
from typing import Any

from cl_theory.learning.chains import CarriedOver, ChainPolicy, ContrastiveDivergence, Exact, Persistent
from cl_theory.learning.optimisers import SGD, Adam, Momentum, Optimiser
from cl_theory.learning.schedules import ISD, AlwaysOnISD, CentredISD, Schedule, TwoTerm
from cl_theory.phases import Fixed, Geometric, PhaseLength, ShiftedPoisson, Uniform

ESTIMATORS = ("two-term", "isd", "centred-isd", "always-on-isd")
LENGTHS: dict[str, Callable[[int], PhaseLength]] = {
    "fixed": Fixed,
    "geometric": Geometric,
    "poisson": lambda mean: ShiftedPoisson(max(1, mean // 2), mean),
    "uniform": lambda mean: Uniform(max(1, mean // 2), 2 * mean - max(1, mean // 2)),
}
CHAINS: dict[str, type[ChainPolicy]] = {c.name: c for c in (Persistent, ContrastiveDivergence, CarriedOver, Exact)}
OPTIMISERS: dict[str, type[Optimiser]] = {"sgd": SGD, "momentum": Momentum, "adam": Adam}


def chosen(choices: Mapping[str, Any] | tuple[str, ...], word: str, option: str) -> Any:
    """What `word` stands for; ValueError that lists the words there are."""
    if word not in choices:
        raise ValueError(f"{option} must be one of {', '.join(choices)}, got {word!r}")
    return choices[word] if isinstance(choices, Mapping) else word


def named_schedule(
    estimator: str,
    b: float = 0.5,
    order: str = "bernoulli",
    length: int = 200,
    length_law: str = "fixed",
    baseline_rate: float | None = None,
) -> Schedule:
    """The schedule of an estimator's name; what a schedule has no use for is ignored.

    `baseline_rate` is needed by "centred-isd", and centres "always-on-isd" where it is given.
    """
    chosen(ESTIMATORS, estimator, "estimator")
    if estimator == "two-term":
        return TwoTerm()
    if estimator == "isd":
        return ISD(b, order)
    if estimator == "centred-isd":
        return CentredISD(b, order, 0.01 if baseline_rate is None else baseline_rate)
    return AlwaysOnISD(b, order, chosen(LENGTHS, length_law, "length law")(length), baseline_rate)
