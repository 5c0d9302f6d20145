"""Forward-forward nets that learn in lock-step by SGD or Adam: compiled, float32."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cl_theory.datasets.digits import wrong_labels
from cl_theory.estimators.isd import isd_weights
from cl_theory.learning.forward_forward import ForwardForwardLearner, check_pairs, shuffled_rows
from cl_theory.learning.forward_forward_replicas import NetReplicas, ShowPlan, learn_shown
from cl_theory.learning.isd_estimate import digest, phase_signs
from cl_theory.learning.optimisers import SGD, Adam
from cl_theory.learning.pace import EndOfPhasePace
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import ISD, Schedule, TwoTerm
from cl_theory.learning.state import ChunkedLearner, TrainingState
from cl_theory.models.forward_forward import ForwardForward

MOMENTS = "optimiser.first", "optimiser.second"
"""Names of Adam's moments in the memory of a run; plain descent remembers nothing."""


@dataclass(frozen=True, eq=False)
class NetReplicaLearner(EndOfPhasePace, ChunkedLearner):
    """Forward-forward nets of one shape, each with its own schedule and learning rate, `batch_size` images a step.

    `numbers` identify the replicas as in `ReplicaLearner`. All schedules are two-term, or all are ISD. Learning rates
    replace that of `optimiser`.
    """

    nets: tuple[ForwardForward, ...]
    images: np.ndarray
    labels: np.ndarray
    schedules: tuple[Schedule, ...]
    learning_rates: tuple[float, ...]
    optimiser: SGD | Adam
    batch_size: int = 1
    n_classes: int = 10
    numbers: tuple[int, ...] = ()
    single: bool = False

    steps_per_phase: ClassVar[int] = 1
    parameter_limit: ClassVar[float] = ForwardForwardLearner.parameter_limit
    chunk: ClassVar[int] = 100

    def __post_init__(self) -> None:
        labels = check_pairs(self.images, self.labels, self.nets[0], self.batch_size, self.n_classes)
        object.__setattr__(self, "images", np.ascontiguousarray(self.images, dtype=np.float32))
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "numbers", self.numbers or tuple(range(len(self.nets))))
        for name in ("schedules", "learning_rates", "numbers"):
            if len(getattr(self, name)) != len(self.nets):
                raise ValueError(f"{name} must have one entry for each of {len(self.nets)} nets")
        self._check_schedules()

    def _check_schedules(self) -> None:
        kinds = {type(schedule) for schedule in self.schedules}
        if kinds - {TwoTerm, ISD}:
            raise ValueError(f"nets in lock-step learn by TwoTerm or ISD, got {self.schedules!r}")
        if len(kinds) != 1:
            raise ValueError("schedules must all be two-term or all ISD; train the two kinds apart")

    @property
    def schedule(self) -> Schedule:
        return self.schedules[0]

    def model(self, parameters: np.ndarray) -> Any:
        """The nets with these parameters as a list; the only one by itself where `single` is set."""
        nets = [self.nets[0].with_flat(row.astype(np.float64)) for row in parameters]
        return nets[0] if self.single else nets

    def start(self, randomness: Randomness) -> TrainingState:
        parameters = np.stack([net.flat for net in self.nets]).astype(np.float32)
        return TrainingState(0, parameters, {name: np.zeros_like(parameters) for name in self._remembered})

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        plan, met = self.plan(state.iteration, n, randomness)
        none = state.parameters[:, :0]
        first, second = (state.memory.get(name, none) for name in MOMENTS)
        nets = NetReplicas(self.nets[0], state.parameters, first, second, state.iteration)
        rates = np.array(self.learning_rates)
        after = learn_shown(nets, self.images[met], plan, self.optimiser, rates=rates, n_classes=self.n_classes)
        moments = dict(zip(MOMENTS, (after.first, after.second), strict=True))
        return TrainingState(state.iteration + n, after.parameters, {name: moments[name] for name in self._remembered})

    @property
    def _remembered(self) -> tuple[str, ...]:
        return MOMENTS if isinstance(self.optimiser, Adam) else ()

    def plan(self, first: int, n: int, randomness: Randomness) -> tuple[ShowPlan, np.ndarray]:
        """The next `n` steps of all nets, and the images that they meet."""
        parts = [self._steps(r, first, n, randomness.of(number)) for r, number in enumerate(self.numbers)]
        rows, labels, signs, weights = (np.stack(column) for column in zip(*parts, strict=True))
        met, where = np.unique(rows, return_inverse=True)
        return ShowPlan(where.reshape(rows.shape), labels, signs, weights), met

    def _steps(self, r: int, first: int, n: int, randomness: Randomness) -> tuple[np.ndarray, ...]:
        """(rows, labels shown, signs, weights) of the next `n` steps of one net, (n, images a step) each."""
        schedule, steps = self.schedules[r], range(first, first + n)
        rows = np.array([shuffled_rows(randomness, len(self.images), self.batch_size, k) for k in steps])
        if isinstance(schedule, ISD):
            signs = np.array([phase_signs(randomness, schedule, self.batch_size, k) for k in steps])
            weights = self.isd_weights(signs, schedule)
        else:
            rows, signs = np.tile(rows, 2), np.tile(np.repeat([True, False], self.batch_size), (n, 1))
            weights = np.where(signs, 1.0, -1.0)
        true = self.labels[rows]
        drawn = [self.negative_labels(randomness.at("wrong", k), here) for k, here in zip(steps, true, strict=True)]
        return rows, np.where(signs, true, drawn), signs, weights / self.batch_size

    def isd_weights(self, signs: np.ndarray, schedule: ISD) -> np.ndarray:
        """Weight of each image, of the shape of `signs`, before the division by the batch size: 1/b or -1/(1-b)."""
        return isd_weights(signs, p_positive=schedule.p_positive)

    def negative_labels(self, rng: np.random.Generator, true: np.ndarray) -> np.ndarray:
        """Labels that images with the labels `true` carry in a negative phase: wrong ones."""
        return wrong_labels(rng, true, self.n_classes)

    @cached_property
    def _identity(self) -> dict[str, Any]:
        start = np.stack([net.flat for net in self.nets])
        return {"start": digest(start), "data": digest(self.images) + digest(self.labels)}

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        return {
            "learner": type(self).__name__,
            "network": f"{len(self.nets)} ForwardForward {'-'.join(map(str, self.nets[0].sizes))}, "
            f"threshold {self.nets[0].threshold}",
            **self._identity,
            "schedule": repr(self.schedules),
            "optimiser": repr((self.optimiser, self.learning_rates)),
            "batch_size": self.batch_size,
            "numbers": list(self.numbers),
        }


def single_net(
    net: ForwardForward,
    images: np.ndarray,
    labels: np.ndarray,
    schedule: Schedule,
    optimiser: SGD | Adam,
    batch_size: int,
) -> NetReplicaLearner:
    """One net."""
    rates = (optimiser.learning_rate,)
    return NetReplicaLearner((net,), images, labels, (schedule,), rates, optimiser, batch_size, single=True)
