"""Centred ISD on forward-forward nets whose baseline leaves a unit alone while it is off: what kills units, isolated.

Such a gate is not unbiased. A unit that is on more often in one phase than in the other gets its baseline more often
there, and is pulled by the difference.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cl_theory.datasets.digits import with_label_pixels
from cl_theory.estimators.baselines import PhaseEMA
from cl_theory.learning.loop import Randomness
from cl_theory.learning.net_learner import NetReplicaLearner
from cl_theory.learning.parts import CentredISD
from cl_theory.models.forward_forward import ForwardForward

AT_A_TIME = 100


def gated_nets(
    learner: NetReplicaLearner, randomness: Randomness, phases: Sequence[int], *, gated: bool = True
) -> dict[int, ForwardForward]:
    """The first net of `learner`, one image a step, after each of `phases`, ascending; in float64.

    Without the gate this is what centred ISD does.
    """
    schedule, optimiser, net = learner.schedule, learner.optimiser, learner.nets[0]
    if not isinstance(schedule, CentredISD):
        raise ValueError(f"a baseline is gated under CentredISD, got {schedule!r}")
    owners, baseline = unit_of_parameter(net.sizes), PhaseEMA(schedule.p_positive, schedule.baseline_rate)
    averages, memory = baseline.start((net.flat.size,)), optimiser.start(net.flat.size)
    found = {}
    for first, last in pairwise((0, *phases)):
        for start in range(first, last, AT_A_TIME):
            plan, met = learner.plan(start, min(AT_A_TIME, last - start), randomness)
            images = learner.images[met].astype(np.float64)
            for t in range(plan.rows.shape[1]):
                shown = with_label_pixels(images[plan.rows[0, t]], plan.labels[0, t], learner.n_classes)
                gradient = net.weighted_gradient(shown, plan.is_positive[0, t], np.ones(1))
                centre = baseline.centre(averages)
                if gated:
                    centre = np.where(is_on(gradient, owners), centre, 0)
                change, memory = optimiser.step(plan.weights[0, t] * (gradient - centre), memory)
                averages = baseline.update(averages, gradient, plan.is_positive[0, t, 0])
                net = net.with_flat(net.flat + change)
        found[last] = net
    return found


def unit_of_parameter(sizes: Sequence[int]) -> np.ndarray:
    """Number of the unit that each parameter belongs to, in the order of `ForwardForward.flat`."""
    parts, first = [], 0
    for n_in, n_out in pairwise(sizes):
        units = first + np.arange(n_out)
        parts += [np.repeat(units, n_in), units]
        first += n_out
    return np.concatenate(parts)


def is_on(gradient: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """For each parameter, whether its unit answers to the image: the gradient of a silent unit is 0."""
    return np.bincount(owners, weights=gradient != 0)[owners] > 0
