"""The gate leaves silent units alone, and nothing else differs from centred ISD."""

import numpy as np
import pytest

from cl_theory.learning.learners.loop import Randomness
from cl_theory.learning.learners.net_learner import NetReplicaLearner
from cl_theory.learning.learners.parts import ISD, SGD, Adam, CentredISD
from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.proof.systems.run_systems import gated_nets

RNG = np.random.default_rng(3)
IMAGES, LABELS = RNG.random((30, 20)), RNG.integers(0, 10, 30)
NET = ForwardForward.random(RNG, (20, 8, 6), threshold=0.3)


def learner(optimiser, baseline_rate=0.05):
    schedule = CentredISD(0.4, baseline_rate=baseline_rate)
    return NetReplicaLearner((NET,), IMAGES, LABELS, (schedule,), (optimiser.learning_rate,), optimiser)


@pytest.mark.parametrize("optimiser", [SGD(0.3), Adam(0.01)])
def test_without_the_gate_it_is_centred_isd(optimiser):
    nets = learner(optimiser)
    found = gated_nets(nets, Randomness(2), (30, 150), gated=False)
    state = nets.start(Randomness(2))
    for after in (30, 150):
        state = nets.advance(state, after - state.iteration, Randomness(2))
        np.testing.assert_allclose(found[after].flat, state.parameters[0], atol=2e-4)
    with_gate = gated_nets(nets, Randomness(2), (30, 150))
    assert np.abs(with_gate[150].flat - found[150].flat).max() > 2e-3


def test_a_unit_that_is_off_does_not_move_behind_the_gate():
    dead = NET.with_flat(NET.flat.copy())
    dead.weights[0][3], dead.biases[0][3] = 0.1, 5.0
    nets = NetReplicaLearner((dead,), IMAGES, LABELS, (CentredISD(0.4, baseline_rate=0.5),), (30.0,), SGD(30.0))
    moved = {gated: falls_silent(nets, gated) for gated in (True, False)}
    assert moved[True] == 0
    assert moved[False] > 0


def falls_silent(nets, gated):
    """How far the parameters of unit 3 go in phases in which it was off for the image."""
    phases = range(1, 25)
    found = gated_nets(nets, Randomness(2), phases, gated=gated)
    before, far = nets.nets[0], 0.0
    for k, after in zip(phases, found.values(), strict=True):
        plan, met = nets.plan(k - 1, 1, Randomness(2))
        shown = nets.images[met].astype(float)
        shown[:, :10] = np.eye(10)[plan.labels[0, 0]]
        gradient = before.weighted_gradient(shown, plan.is_positive[0, 0], np.ones(1))
        of_unit = of_one_unit(3)
        if not gradient[of_unit].any():
            far += np.abs(after.flat - before.flat)[of_unit].max()
        before = after
    return far


def of_one_unit(unit):
    """Which parameters belong to a unit of the first layer."""
    marked = NET.with_flat(np.zeros_like(NET.flat))
    marked.weights[0][unit], marked.biases[0][unit] = 1, 1
    return marked.flat == 1


def test_other_schedules_have_no_baseline_to_gate():
    plain = NetReplicaLearner((NET,), IMAGES, LABELS, (ISD(0.5),), (0.1,), SGD(0.1))
    with pytest.raises(ValueError, match="gated under CentredISD, got ISD"):
        gated_nets(plain, Randomness(2), (10,))
