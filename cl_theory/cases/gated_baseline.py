"""Centred ISD on forward-forward nets whose baseline leaves a unit alone while it is off: what kills units, isolated.

Such a gate is not unbiased. A unit that is on more often in one phase than in the other gets its baseline more often
there, and is pulled by the difference.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.special import expit

from cl_theory.datasets.digits import with_label_pixels
from cl_theory.experiments.definition import Experiment, Seeds
from cl_theory.experiments.forward_forward_runs import learner_of
from cl_theory.learning.loop import Randomness
from cl_theory.learning.net_learner import NetReplicaLearner
from cl_theory.learning.parts import CentredISD
from cl_theory.models.forward_forward import ForwardForward, direction
from cl_theory.seeds import FIXED_ROOT

AT_A_TIME = 100
Layers = list[tuple[np.ndarray, np.ndarray]]
"""Weights (n_out, n_in) and biases of each layer, as views of one flat array."""


def retraced_gated_nets(
    experiment: Experiment, arm: str, seed: int, phases: Sequence[int]
) -> dict[int, ForwardForward]:
    """What `retraced_nets` gives for an arm under centred ISD, had its baseline a gate."""
    cell = experiment.cell(arm, Seeds(seed, 1))
    return gated_nets(learner_of(cell.settings, cell.seeds), Randomness(FIXED_ROOT), phases)


def gated_nets(
    learner: NetReplicaLearner, randomness: Randomness, phases: Sequence[int], *, gated: bool = True
) -> dict[int, ForwardForward]:
    """The first net of `learner`, one image a step, after each of `phases`, ascending; in float64.

    Without the gate this is what centred ISD does.
    """
    schedule, optimiser, net = learner.schedule, learner.optimiser, learner.nets[0]
    if not isinstance(schedule, CentredISD):
        raise ValueError(f"a baseline is gated under CentredISD, got {schedule!r}")
    b, follow, size = schedule.p_positive, schedule.baseline_rate, net.flat.size
    theta, gradient, averages = net.flat, np.zeros(size), np.zeros((2, size))  # of negative and of positive phases
    parameters, gradients = _layers(theta, net.sizes), _layers(gradient, net.sizes)
    memory, found = optimiser.start(size), {}
    for first, last in pairwise((0, *phases)):
        for start in range(first, last, AT_A_TIME):
            plan, met = learner.plan(start, min(AT_A_TIME, last - start), randomness)
            images = learner.images[met[plan.rows[0, :, 0]]].astype(np.float64)
            shown = with_label_pixels(images, plan.labels[0, :, 0], learner.n_classes)
            for x, is_positive, weight in zip(shown, plan.is_positive[0, :, 0], plan.weights[0, :, 0], strict=True):
                pulls = _set_gradient(parameters, gradients, x[None], bool(is_positive), net.threshold)
                centre = (1 - b) * averages[1] + b * averages[0]
                if gated:
                    _leave_silent_units(_layers(centre, net.sizes), pulls)
                change, memory = optimiser.step(weight * (gradient - centre), memory)
                average = averages[int(is_positive)]
                average += follow * (gradient - average)
                theta += change
        found[last] = net.with_flat(theta.copy())
    return found


def _set_gradient(
    parameters: Layers, gradients: Layers, x: np.ndarray, is_positive: bool, threshold: float
) -> list[np.ndarray]:
    """Write g+ or g- of one image (1, n_in) into `gradients`; returns how strongly each unit of each layer is pulled.

    The same as `ForwardForward.weighted_gradient`, without a new net for each phase.
    """
    pulls, below, sign = [], x, 1.0 if is_positive else -1.0
    for (weights, biases), (of_weights, of_biases) in zip(parameters, gradients, strict=True):
        inputs = direction(below)
        below = np.maximum(inputs @ weights.T + biases, 0)
        surprise = expit(sign * (threshold - (below**2).mean(axis=-1)))
        pull = (-surprise * 2 / len(biases))[:, None] * below
        np.multiply(pull.T, inputs, out=of_weights)
        of_biases[:] = pull[0]
        pulls.append(pull[0])
    return pulls


def _leave_silent_units(baseline: Layers, pulls: Sequence[np.ndarray]) -> None:
    """Set to 0 what `baseline` takes off the units that are off: their gradient is 0."""
    for (of_weights, of_biases), pull in zip(baseline, pulls, strict=True):
        of_weights[pull == 0] = 0
        of_biases[pull == 0] = 0


def _layers(flat: np.ndarray, sizes: Sequence[int]) -> Layers:
    found, start = [], 0
    for n_in, n_out in pairwise(sizes):
        middle = start + n_in * n_out
        found.append((flat[start:middle].reshape(n_out, n_in), flat[middle : middle + n_out]))
        start = middle + n_out
    return found
