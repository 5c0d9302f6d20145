"""How long cells will take: by what cells of the same arm took before, per seed."""

from collections.abc import Iterable, Mapping
from typing import Any

from cl_theory.experiments.definition import Cell, Experiment

Arm = tuple[str, str]
"""An experiment and an arm of it."""


class Forecast:
    """Core seconds a cell will take, learned from stored archives first and from finished cells as they come.

    Archives may be of a faster machine: where both are known their ratio corrects the rest.
    """

    def __init__(self) -> None:
        self._recorded: dict[Arm, float] = {}
        self._measured: dict[Arm, tuple[float, int]] = {}

    def record(self, experiment: Experiment, content: Mapping[str, Any]) -> None:
        """Learn from the archive of an experiment."""
        for arm, entry in content["arms"].items():
            self._recorded[experiment.name, arm] = entry["core_seconds"] / len(experiment.seeds)

    def measure(self, cell: Cell, seconds: float) -> None:
        """Learn from a cell that was computed in `seconds`."""
        total, seeds = self._measured.get(_arm(cell), (0.0, 0))
        self._measured[_arm(cell)] = total + seconds, seeds + len(cell.seeds)

    def seconds(self, cells: Iterable[Cell]) -> float | None:
        """Core seconds that `cells` will take in all; None if nothing like one of them was ever finished."""
        slower, total = self._slower(), 0.0
        for cell in cells:
            a_seed = self._a_seed(cell, slower)
            if a_seed is None:
                return None
            total += a_seed * len(cell.seeds)
        return total

    def _a_seed(self, cell: Cell, slower: float) -> float | None:
        """By the arm itself, here or as recorded; else by the mean of the experiment's arms that are known."""
        arm = _arm(cell)
        if arm in self._measured:
            total, seeds = self._measured[arm]
            return total / seeds
        if arm in self._recorded:
            return self._recorded[arm] * slower
        others = [total / seeds for (name, _), (total, seeds) in self._measured.items() if name == cell.experiment]
        return sum(others) / len(others) if others else None

    def _slower(self) -> float:
        both = [arm for arm in self._measured if self._recorded.get(arm, 0.0) > 0.0]
        if not both:
            return 1.0
        here = sum(self._measured[arm][0] / self._measured[arm][1] for arm in both)
        return here / sum(self._recorded[arm] for arm in both)


def _arm(cell: Cell) -> Arm:
    return cell.experiment, cell.arm
