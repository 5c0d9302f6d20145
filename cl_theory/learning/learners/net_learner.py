"""Learning of forward-forward nets: a positive image with its label, a negative one with a wrong label."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from cl_theory.arguments import finite, positive_integer
from cl_theory.learning.learners.energy_learner import first_baseline, isd_estimate, phase_signs
from cl_theory.learning.learners.loop import Learner, Randomness, TrainingState, identity
from cl_theory.learning.learners.net_kernels import NetReplicas, ShowPlan, learn_shown
from cl_theory.learning.learners.parts import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CentredISD,
    Descent,
    EndOfPhasePace,
    Optimiser,
    Schedule,
    TwoTerm,
)
from cl_theory.learning.learners.replicas import Baseline
from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.learning.models.images import valid_labels, with_label_pixels, wrong_labels
from cl_theory.theory.estimators.isd import isd_weights


@dataclass(frozen=True, eq=False)
class ForwardForwardLearner(EndOfPhasePace, Learner):
    """One iteration is one update from `batch_size` images; under ISD each of them is shown in one phase only.

    `images` (n_rows, n_pixels) are numbers, usually in [0, 1]; `labels` (n_rows,) are written over their first
    `n_classes` pixels. Images come in shuffled epochs. A negative carries one of the wrong labels, never the true one.
    """

    network: ForwardForward
    images: np.ndarray
    labels: np.ndarray
    schedule: Schedule
    optimiser: Optimiser
    batch_size: int = 1
    weight_decay: float = 0.0
    n_classes: int = 10

    steps_per_phase: ClassVar[int] = 1
    parameter_limit: ClassVar[float] = 1e6  # inputs have length one: no useful weight comes near

    def __post_init__(self) -> None:
        labels = check_pairs(self.images, self.labels, self.network, self.batch_size, self.n_classes)
        object.__setattr__(self, "labels", labels)
        if isinstance(self.schedule, AlwaysOnISD):
            raise ValueError("a forward-forward phase has a single step: use TwoTerm, ISD or CentredISD")
        _ = self._descent  # refuses a weight decay that cannot be

    @cached_property
    def _descent(self) -> Descent:
        layers = zip(self.network.weights, self.network.biases, strict=True)
        is_weight = np.concatenate([np.repeat([True, False], [w.size, c.size]) for w, c in layers])
        return Descent(self.optimiser, is_weight, np.ones_like(is_weight), self.weight_decay)

    def model(self, parameters: np.ndarray) -> ForwardForward:
        """The network with these parameters."""
        return self.network.with_flat(parameters)

    def start(self, randomness: Randomness) -> TrainingState:
        memory = self._descent.start() | first_baseline(self.schedule, self.network.flat.shape)
        return TrainingState(0, self.network.flat, memory)

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        rng, network = randomness.at("phases", state.iteration), self.model(state.parameters)
        rows = shuffled_rows(randomness, len(self.images), self.batch_size, state.iteration)
        if not isinstance(self.schedule, ISD):
            signs = np.repeat([True, False], self.batch_size)
            total = self._gradient(rng, network, np.tile(rows, 2), signs)
            weights = np.where(signs, 1.0, -1.0) / self.batch_size
            return self._descent.moved(state, total(weights), {})
        signs = phase_signs(randomness, self.schedule, self.batch_size, state.iteration)
        total = self._gradient(rng, network, rows, signs)
        gradient, known = isd_estimate(self.schedule, state.memory, total, signs)
        return self._descent.moved(state, gradient, known)

    def _gradient(
        self, rng: np.random.Generator, network: ForwardForward, rows: np.ndarray, signs: np.ndarray
    ) -> "partial[np.ndarray]":
        """The weighted gradient of the images that are shown, still to be given its weights."""
        labels = np.where(signs, self.labels[rows], wrong_labels(rng, self.labels[rows], self.n_classes))
        return partial(network.weighted_gradient, with_label_pixels(self.images[rows], labels, self.n_classes), signs)

    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON."""
        return identity(
            self,
            f"ForwardForward {'-'.join(map(str, self.network.sizes))}, threshold {self.network.threshold}",
            (self.network.flat, self.images, self.labels),
            schedule=repr(self.schedule),
            optimiser=repr(self.optimiser),
            batch_size=self.batch_size,
            weight_decay=self.weight_decay,
        )


def shuffled_rows(randomness: Randomness, n_rows: int, batch_size: int, iteration: int) -> np.ndarray:
    """The next `batch_size` rows of one shuffled epoch after another."""
    places = np.arange(iteration * batch_size, (iteration + 1) * batch_size)
    epochs, within = np.divmod(places, n_rows)
    rows = np.empty(batch_size, dtype=np.int64)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        shuffled = randomness.once("epoch", int(epoch), lambda rng: rng.permutation(n_rows))
        rows[here] = shuffled[within[here]]
    return rows


def check_pairs(
    images: np.ndarray, labels: np.ndarray, network: ForwardForward, batch_size: int, n_classes: int
) -> np.ndarray:
    """The labels, once images and labels are known to fit each other and the network; else ValueError."""
    if images.ndim != 2 or len(images) == 0 or images.shape[1] != network.sizes[0]:
        raise ValueError(f"images must be non-empty rows of {network.sizes[0]} pixels, got shape {images.shape}")
    if images.dtype.kind not in "buif":
        raise ValueError(f"images must hold numbers, got dtype {images.dtype}")
    finite(images, "images")
    valid = valid_labels(labels, n_classes)
    with_label_pixels(images[:1], valid[:1], n_classes)  # refuses images without room for labels
    if len(images) != len(valid):
        raise ValueError(f"images and labels must pair up, got {len(images)} and {len(valid)}")
    positive_integer(batch_size, "batch_size")
    return valid


MOMENTS = "optimiser.first", "optimiser.second"
"""Names of Adam's moments in the memory of a run; plain descent remembers nothing."""

AVERAGES = "baseline.positive", "baseline.negative"
"""Names of the moving averages of both phases' gradients in the memory of a run."""


@dataclass(frozen=True, eq=False)
class NetReplicaLearner(EndOfPhasePace, Learner):
    """Forward-forward nets of one shape, each with its own schedule and learning rate, `batch_size` images a step.

    `numbers` identify the replicas as in `ReplicaLearner`. All schedules are two-term, or all are ISD, or all are
    centred; nets around a baseline meet the same images in the same phases as those without one. Learning rates replace
    that of `optimiser`. Subclasses learn as the released scripts do where these differ from the stated algorithm.
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
        object.__setattr__(self, "numbers", tuple(map(int, self.numbers)) or tuple(range(len(self.nets))))
        for name in ("schedules", "learning_rates", "numbers"):
            if len(getattr(self, name)) != len(self.nets):
                raise ValueError(f"{name} must have one entry for each of {len(self.nets)} nets")
        self._check_schedules()

    def _check_schedules(self) -> None:
        kinds = {type(schedule) for schedule in self.schedules}
        if kinds - {TwoTerm, ISD, CentredISD}:
            raise ValueError(f"nets in lock-step learn by TwoTerm, ISD or CentredISD, got {self.schedules!r}")
        if len(kinds) != 1:
            raise ValueError("schedules must all be two-term or all ISD, centred or not; train the kinds apart")
        if self._is_centred and self.batch_size != 1:
            raise ValueError(
                f"nets around a baseline learn by CentredISD from one image a step, got batch_size {self.batch_size}; "
                f"use ForwardForwardLearner for batches"
            )

    @property
    def _is_centred(self) -> bool:
        return isinstance(self.schedule, CentredISD)

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

    def nets_of(self, state: TrainingState) -> NetReplicas:
        """The nets of a state, with their moments and averages."""
        first, second = (state.memory.get(name, state.parameters[:, :0]) for name in MOMENTS)
        baseline = None
        if self._is_centred:
            b, rate = (
                np.array([getattr(schedule, name) for schedule in self.schedules], dtype=np.float32)
                for name in ("p_positive", "baseline_rate")
            )
            positive, negative = (state.memory[name] for name in AVERAGES)
            baseline = Baseline(positive, negative, b, rate)
        return NetReplicas(self.nets[0], state.parameters, first, second, state.iteration, baseline)

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        plan, met = self.plan(state.iteration, n, randomness)
        nets, rates = self.nets_of(state), np.array(self.learning_rates)
        after = learn_shown(nets, self.images[met], plan, self.optimiser, rates=rates, n_classes=self.n_classes)
        known = dict(zip(MOMENTS, (after.first, after.second), strict=True))
        if after.baseline is not None:
            known |= dict(zip(AVERAGES, after.baseline[:2], strict=True))
        return TrainingState(state.iteration + n, after.parameters, {name: known[name] for name in self._remembered})

    @property
    def _remembered(self) -> tuple[str, ...]:
        moments = MOMENTS if isinstance(self.optimiser, Adam) else ()
        return (*moments, *AVERAGES) if self._is_centred else moments

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

    def describe(self) -> Mapping[str, Any]:
        shape, start = self.nets[0], np.stack([net.flat for net in self.nets])
        return identity(
            self,
            f"{len(self.nets)} ForwardForward {'-'.join(map(str, shape.sizes))}, threshold {shape.threshold}",
            (start, self.images, self.labels),
            schedule=repr(self.schedules),
            optimiser=repr((self.optimiser, self.learning_rates)),
            batch_size=self.batch_size,
            numbers=list(self.numbers),
        )


class UnweightedNetLearner(NetReplicaLearner):
    r"""ISD divided by the outcome of the coin instead of its odds: :math:`B g^{+} - (1 - B) g^{-}` for every b.

    Its mean is :math:`b\, E g^{+} - (1 - b)\, E g^{-}`: half the gradient at b = 1/2, another direction elsewhere.
    """

    def isd_weights(self, signs: np.ndarray, schedule: ISD) -> np.ndarray:
        """1 or -1 whatever b is."""
        return np.where(signs, 1.0, -1.0)


class LeakyNegativesNetLearner(NetReplicaLearner):
    """Negatives carry a label drawn from all classes: the true one in one case out of `n_classes`."""

    def negative_labels(self, rng: np.random.Generator, true: np.ndarray) -> np.ndarray:
        """Labels drawn without a look at the true ones."""
        return rng.integers(0, self.n_classes, size=true.shape)
