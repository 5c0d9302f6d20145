"""Training traced at fixed points: what was measured there, and what it had cost by then."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.learning.loop import Learner, LearningDiverged, Randomness, TrainingState

Measured = Mapping[str, np.ndarray]
"""One value a replica, by the name of what was measured."""


@dataclass(frozen=True)
class Measuring:
    """What to measure of a model: `every` k-th point, and once more at the end.

    `curves` gives per name a function of the model and the k of "every k-th point"; `final` is asked at the last point.
    """

    curves: Mapping[str, tuple[Callable[[Any], np.ndarray], int]]
    final: Mapping[str, Callable[[Any], np.ndarray]]

    def at(self, place: int, model: Any) -> dict[str, list[float]]:
        """The measures that are due at point number `place`."""
        return {name: _listed(f(model)) for name, (f, every) in self.curves.items() if place % every == 0}


def traced(
    learner: Learner, points: Sequence[int], seed: int, measuring: Measuring, rows_a_phase: float
) -> dict[str, Any]:
    """Run `learner` to the last of `points` (phases of each chain) and measure it at each, as plain JSON.

    `axes` lists what each point had cost: phases, updates, steps of the network, rows of data (expected). `curves`
    holds a list a point of one value a replica, None where it was not due. A run whose parameters leave their range
    ends there: `diverged` says when.
    """
    randomness = Randomness(seed)
    state = learner.start(randomness)
    axes, curves, diverged = [], [], None
    for place, phases in enumerate(points):
        try:
            state = _advanced(learner, state, learner.iterations(phases), randomness)
        except LearningDiverged as error:
            diverged = {"update": error.iteration, "value": str(error.value)}
            break
        axes.append(_axes(learner, state.iteration, rows_a_phase))
        curves.append(measuring.at(place, learner.model(state.parameters)))
    model = learner.model(state.parameters)
    done = diverged is None
    return {
        "axes": {name: [axis[name] for axis in axes] for name in axes[0]},
        "curves": {name: [found.get(name) for found in curves] for name in measuring.curves},
        "final": {name: _listed(f(model)) for name, f in measuring.final.items()} if done else {},
        "diverged": diverged,
    }


def _advanced(learner: Learner, state: TrainingState, until: int, randomness: Randomness) -> TrainingState:
    while state.iteration < until:
        state = learner.advance(state, min(learner.chunk, until - state.iteration), randomness)
    return state


def _axes(learner: Learner, iteration: int, rows_a_phase: float) -> dict[str, float]:
    phases, steps = learner.cost(iteration)
    return {"phases": phases, "updates": iteration, "steps": steps, "rows": phases * rows_a_phase}


def _listed(values: np.ndarray) -> list[Any]:
    """Seven digits are more than any seed repeats, and keep the stored files small."""
    return _rounded(np.asarray(values, dtype=np.float64).tolist())


def _rounded(value: Any) -> Any:
    return [_rounded(inner) for inner in value] if isinstance(value, list) else float(f"{value:.7g}")
