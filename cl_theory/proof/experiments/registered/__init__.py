"""All experiments, in reading order, by name; each is defined once, in a file of this folder."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from cl_theory.proof.experiments.definition import Experiment, ExperimentError
from cl_theory.proof.experiments.registered import bars, bars_b, boltzmann, mnist, nets, scripts, second, small_bars

FIRST = (*bars.ALL, *mnist.ALL, *nets.ALL, *bars_b.ALL, *boltzmann.ALL, *scripts.ALL, *small_bars.ALL)
ALL = (*FIRST, *second.ALL)
second.require_fresh(second.ALL, FIRST)


@cache
def all_experiments() -> Mapping[str, Experiment]:
    """Every experiment by name, in reading order; ValueError at a twin name."""
    found: dict[str, Experiment] = {}
    for defined in ALL:
        if defined.name in found:
            raise ValueError(f"experiment {defined.name!r} is defined twice; keep one of them")
        found[defined.name] = defined
    return MappingProxyType(found)


def experiment(name: str) -> Experiment:
    """The experiment `name`; ExperimentError that lists what there is."""
    if name not in all_experiments():
        raise ExperimentError(f"unknown experiment {name!r}; there are {', '.join(all_experiments())}")
    return all_experiments()[name]
