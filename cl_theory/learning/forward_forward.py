"""Learning of a forward-forward net: a positive image with its label, a negative one with a wrong label."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from cl_theory.arguments import finite, positive_integer
from cl_theory.datasets.digits import valid_labels, with_label_pixels, wrong_labels
from cl_theory.learning.descent import Descent
from cl_theory.learning.isd_estimate import digest, first_baseline, isd_estimate, phase_signs
from cl_theory.learning.optimisers import Optimiser
from cl_theory.learning.pace import EndOfPhasePace
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import ISD, AlwaysOnISD, Schedule
from cl_theory.learning.state import StepwiseLearner, TrainingState
from cl_theory.models.forward_forward import ForwardForward


@dataclass(frozen=True, eq=False)
class ForwardForwardLearner(EndOfPhasePace, StepwiseLearner):
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
        memory = self._descent.start() | first_baseline(self.schedule, self.network.flat.size)
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
        return {
            "learner": type(self).__name__,
            "network": f"ForwardForward {'-'.join(map(str, self.network.sizes))}, threshold {self.network.threshold}",
            "start": digest(self.network.flat),
            "data": digest(self.images) + digest(self.labels),
            "schedule": repr(self.schedule),
            "optimiser": repr(self.optimiser),
            "batch_size": self.batch_size,
            "weight_decay": self.weight_decay,
        }


def shuffled_rows(randomness: Randomness, n_rows: int, batch_size: int, iteration: int) -> np.ndarray:
    """The next `batch_size` rows of one shuffled epoch after another."""
    places = np.arange(iteration * batch_size, (iteration + 1) * batch_size)
    epochs, within = np.divmod(places, n_rows)
    rows = np.empty(batch_size, dtype=np.int64)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        rows[here] = _shuffled(randomness, n_rows, int(epoch))[within[here]]
    return rows


def _shuffled(randomness: Randomness, n_rows: int, epoch: int) -> np.ndarray:
    known = randomness.kept("epoch", epoch)
    if known is None:
        known = randomness.at("epoch", epoch).permutation(n_rows)
        randomness.keep("epoch", epoch, known)
    return known


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
