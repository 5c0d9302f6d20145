"""What an experiment is: a frozen definition whose cells are independent of each other."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class ExperimentError(ValueError):
    """Bad input to an experiment, or stored results that cannot be used: the message names the value and the remedy."""


Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Seeds:
    """The seeds `first`, `first` + 1, ... of `count` replicas."""

    first: int
    count: int

    def __iter__(self):
        return iter(range(self.first, self.first + self.count))

    def __len__(self) -> int:
        return self.count


@dataclass(frozen=True)
class Cell:
    """One piece of work: an arm of an experiment on a few seeds, up to the last of `points` phases.

    `kind` names who does it (see `cl_theory.experiments.kinds`), `settings` are plain JSON.
    """

    experiment: str
    arm: str
    kind: str
    settings: Settings
    points: tuple[int, ...]
    seeds: Seeds

    @property
    def identity(self) -> dict[str, Any]:
        """What the result follows from, besides the code."""
        return {
            "kind": self.kind,
            "settings": dict(self.settings),
            "points": list(self.points),
            "seeds": [self.seeds.first, self.seeds.count],
        }

    @property
    def label(self) -> str:
        """A name for people."""
        return f"{self.experiment}: {self.arm}, seeds {self.seeds.first} to {self.seeds.first + self.seeds.count - 1}"


@dataclass(frozen=True)
class Slice:
    """The part that is run again on every build: the first `seeds` of `arms`, up to phase `until`."""

    arms: tuple[str, ...]
    seeds: int = 2
    until: int = 2000


@dataclass(frozen=True)
class Experiment:
    """A named, frozen definition; plain JSON throughout.

    name, title, question
        For the command line, and for people: what is to be found out.
    kind
        Which learners run it: "rbm", "forward-forward", "boltzmann".
    settings
        Shared by all arms: model, data, estimator, chain, rate, measures.
    arms
        By name, what each arm has of its own; "kind" and "until" (its last point) may be among it.
    points
        Phases after which everything is measured, ascending from 0.
    seeds, seeds_per_cell
        Replicas of each arm, and how many of them run in lock-step as one cell.
    again
        The slice that every build runs again.
    chapter
        Where it is read.
    """

    name: str
    title: str
    question: str
    kind: str
    settings: Settings
    arms: Mapping[str, Settings]
    points: tuple[int, ...]
    seeds: Seeds
    seeds_per_cell: int
    again: Slice
    chapter: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.points[0] != 0 or list(self.points) != sorted(set(self.points)):
            raise ValueError(f"{self.name}: points must ascend from 0, got {self.points}")
        unknown = set(self.again.arms) - set(self.arms)
        if unknown or self.again.until not in self.points:
            raise ValueError(f"{self.name}: the slice must name arms and a point of the experiment, got {self.again}")

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, arm by arm."""
        return tuple(self.cell(arm, seeds) for arm in self.arms for seeds in _blocks(self.seeds, self.seeds_per_cell))

    def cell(self, arm: str, seeds: Seeds, until: int | None = None) -> Cell:
        """The cell of an arm on some seeds, to the end or up to phase `until`; ExperimentError without such an arm."""
        if arm not in self.arms:
            raise ExperimentError(f"{self.name} has no arm {arm!r}; there are {', '.join(self.arms)}")
        own = {**self.settings, **self.arms[arm]}
        kind, last = own.pop("kind", self.kind), min(own.pop("until", self.points[-1]), until or self.points[-1])
        return Cell(self.name, arm, kind, own, tuple(point for point in self.points if point <= last), seeds)

    @property
    def definition(self) -> dict[str, Any]:
        """What the results follow from, as plain JSON: neither words for people nor the cut into cells."""
        return {
            "kind": self.kind,
            "settings": dict(self.settings),
            "arms": {name: dict(own) for name, own in self.arms.items()},
            "points": list(self.points),
            "seeds": [self.seeds.first, self.seeds.count],
        }


def canonical(content: Any) -> str:
    """`content` as JSON text that is the same for the same content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(content: Any) -> str:
    """SHA-256 of plain JSON."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _blocks(seeds: Seeds, size: int) -> list[Seeds]:
    last = seeds.first + seeds.count
    return [Seeds(first, min(size, last - first)) for first in range(seeds.first, last, size)]
