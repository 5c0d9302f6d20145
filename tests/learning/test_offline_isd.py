"""Offline ISD: parameters rest until enough phases were positive, then take the sum that ISD would have taken."""

import numpy as np
import pytest

from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.learning import ISD, CentredISD, Momentum, Persistent, TwoTerm
from cl_theory.learning.loop import Randomness
from cl_theory.learning.replica_learner import OfflineISDLearner, ReplicaLearner, block_of_phases
from cl_theory.learning.replicas import Replicas
from cl_theory.models.rbm import RBM

DATA = bars_and_stripes(2)
START = RBM.random(np.random.default_rng(1), 4, 3, 0.5)
START = RBM(START.weights, np.zeros(4), START.hidden_bias)
CHAIN = Persistent(5)


def offline(b: float, n_positive: int, n: int, rate: float, schedule=None) -> OfflineISDLearner:
    parts = Replicas.repeated(START, n), DATA, (schedule or ISD(b),) * n, (rate,) * n, CHAIN, False
    return OfflineISDLearner(*parts, n_positive=n_positive)


def signs_of(learner: OfflineISDLearner, replica: int, n_phases: int) -> np.ndarray:
    own = Randomness(0).of(replica)
    return block_of_phases(own, learner.schedules[replica], CHAIN, len(DATA), 0)[0][:n_phases]


def test_parameters_move_exactly_when_the_nth_positive_phase_ends() -> None:
    learner, randomness = offline(0.4, 3, 2, 0.1), Randomness(0)
    state = learner.start(randomness)
    for phase in range(60):
        after = learner.advance(state, 1, randomness)
        moved = (after.parameters != state.parameters).any(axis=1)
        signs = [signs_of(learner, r, phase + 1) for r in range(2)]
        assert moved.tolist() == [bool(s[-1]) and s.sum() % 3 == 0 for s in signs]
        state = after


def test_at_a_vanishing_rate_a_step_is_the_sum_of_what_isd_adds_in_the_same_phases() -> None:
    tiny = 1e-6
    learner = offline(0.2, 4, 3, tiny)
    plain = Momentum(1.0, 0.0)  # descent of the same steps, in float64
    stated = ReplicaLearner(learner.start_from, DATA, learner.schedules, (tiny,) * 3, CHAIN, False, optimiser=plain)
    for r in range(3):
        fourth = np.flatnonzero(signs_of(learner, r, 500))[3] + 1
        ends = [each.advance(each.start(Randomness(0)), fourth, Randomness(0)).parameters[r]
                for each in (learner, stated)]  # fmt: skip
        step = ends[1] - START.flat.astype(np.float32)
        np.testing.assert_allclose(ends[0] - ends[1], 0, atol=1e-5 * np.abs(step).max())
        assert np.abs(step).max() > 0


def test_a_step_takes_n_over_b_phases_on_average() -> None:
    b, n_positive, n = 0.2, 3, 400
    learner = offline(b, n_positive, n, 1.0)
    phases = [np.flatnonzero(signs_of(learner, r, 1000))[n_positive - 1] + 1 for r in range(n)]
    spread = np.sqrt(n_positive * (1 - b)) / b / np.sqrt(n)
    assert abs(np.mean(phases) - n_positive / b) < 5 * spread
    assert abs(np.mean(phases) - n_positive / 0.25) > 5 * spread


@pytest.mark.parametrize(
    ("change", "message"),
    [({"n_positive": 0}, "n_positive"), ({"schedule": TwoTerm()}, "ISD"), ({"schedule": CentredISD(0.5)}, "ISD")],
    ids=str,
)
def test_what_cannot_be_offline_is_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        offline(**{"b": 0.5, "n_positive": 3, "n": 1, "rate": 0.1, **change})
