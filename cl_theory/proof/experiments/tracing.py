"""What is measured along a run, and when."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from cl_theory.learning.learners.likelihood import exact_log_likelihood
from cl_theory.learning.learners.loop import Learner, LearningDiverged, Randomness
from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.exact_law import label_probabilities, mean_label_units
from cl_theory.learning.models.rbm import RBM, model_table
from cl_theory.seeds import stream

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
        return {name: listed(f(model)) for name, (f, every) in self.curves.items() if place % every == 0}


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
            state = learner.advance(state, learner.iterations(phases) - state.iteration, randomness)
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
        "final": {name: listed(f(model)) for name, f in measuring.final.items()} if done else {},
        "diverged": diverged,
    }


def _axes(learner: Learner, iteration: int, rows_a_phase: float) -> dict[str, float]:
    phases, steps = learner.cost(iteration)
    return {"phases": phases, "updates": iteration, "steps": steps, "rows": phases * rows_a_phase}


def listed(values: np.ndarray) -> list[Any]:
    """Seven digits are more than any seed repeats, and keep the stored files small."""
    return _rounded(np.asarray(values, dtype=np.float64).tolist())


def _rounded(value: Any) -> Any:
    return [_rounded(inner) for inner in value] if isinstance(value, list) else float(f"{value:.7g}")


Measure = Callable[[Replicas], np.ndarray]


def mean_nll(data: np.ndarray) -> Measure:
    """Mean negative log-likelihood of the rows of `data`, nats a row, exact."""
    return lambda replicas: -exact_log_likelihood(replicas, data).mean(axis=1)


def total_variation(data: np.ndarray) -> Measure:
    """Total variation distance of the model from the empirical law of `data`, exact."""
    rows, count = np.unique(data, axis=0, return_counts=True)
    share = count / count.sum()
    # The rows carry all of the data's mass, so the positive part of the difference lives on them.
    return lambda replicas: np.maximum(share - np.exp(exact_log_likelihood(replicas, rows)), 0).sum(axis=1)


def label_error(pixels: np.ndarray, labels: np.ndarray) -> Measure:
    """Share of rows whose most probable label is wrong, by the exact conditional law of the label units."""
    return lambda replicas: _of_each(
        replicas, lambda rbm: np.mean(label_probabilities(rbm, pixels).argmax(axis=1) != labels)
    )


def label_error_by_chain(pixels: np.ndarray, labels: np.ndarray, seed: int) -> Measure:
    """The same read off the network: pixels held, label units averaged over 80 sweeps after 20."""

    def error(rbm: RBM) -> float:
        rng = stream(seed, "experiments", "label units")
        return float(np.mean(mean_label_units(rng, rbm, pixels).argmax(axis=1) != labels))

    return lambda replicas: _of_each(replicas, error)


def second_moments(data: np.ndarray) -> dict[str, Measure]:
    r""":math:`m^{+}`, :math:`m^{-}` and :math:`|\mu|^2` of the learned parameters W and c, exact in equilibrium.

    With 0/1 units :math:`|g|^2 = |h|^2 (1 + |v|^2)`, since visible biases are not learned.
    """
    last: list[tuple[Replicas, np.ndarray]] = []  # three measures are asked of the same replicas

    def moments(replicas: Replicas) -> np.ndarray:
        if not last or last[0][0] is not replicas:
            last[:] = [(replicas, np.array([_second_moments(rbm, data) for rbm in _each(replicas)]))]
        return last[0][1]

    return {
        "second_moment_positive": lambda replicas: moments(replicas)[:, 0],
        "second_moment_negative": lambda replicas: moments(replicas)[:, 1],
        "mean_squared": lambda replicas: moments(replicas)[:, 2],
    }


def _second_moments(rbm: RBM, data: np.ndarray) -> tuple[float, float, float]:
    hidden = expit(data @ rbm.weights.T + rbm.hidden_bias)
    positive = np.mean((1 + data.sum(axis=1)) * hidden.sum(axis=1))
    probability, states, other = model_table(rbm)
    v, h = (states, other) if rbm.n_visible <= rbm.n_hidden else (other, states)
    negative = probability @ ((1 + v.sum(axis=1)) * h.sum(axis=1))  # v and h are independent given the listed side
    weighted = probability[:, None] * h
    product = hidden.T @ data / len(data) - weighted.T @ v
    bias = hidden.mean(axis=0) - weighted.sum(axis=0)
    return float(positive), float(negative), float((product**2).sum() + (bias**2).sum())


def _each(replicas: Replicas) -> list[RBM]:
    return [replicas.rbm(r) for r in range(len(replicas))]


def _of_each(replicas: Replicas, value: Callable[[RBM], float]) -> np.ndarray:
    return np.array([value(rbm) for rbm in _each(replicas)])
