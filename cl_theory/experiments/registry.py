"""The experiments there are, by name; each is defined once, in ``registered``."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from cl_theory.experiments.definition import Experiment, ExperimentError
from cl_theory.experiments.registered import ALL


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
