"""Simulated phases: the kernels against their slow siblings, and against exact means; planted errors must show."""

import numba
import numpy as np
import pytest

from cl_theory.learning.models.gibbs_chain import GibbsChain
from cl_theory.learning.models.rbm import RBM
from cl_theory.learning.models.rbm_phases import run_rbm_phases, run_rbm_phases_numpy, simulate_rbm_phase
from cl_theory.seeds import stream
from cl_theory.theory.chains.local_chain import local_chain
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric, ShiftedPoisson, TwoPoint, Uniform
from cl_theory.theory.chains.poisson import Equilibrium
from cl_theory.theory.chains.softmax_chain import SoftmaxChain, three_state_chain, three_state_phases
from cl_theory.theory.chains.solvable_chains import AffineChain, LinearAutoregression, one_state_chain
from cl_theory.theory.chains.stopping import StopAt
from cl_theory.theory.dynamics import simulation
from cl_theory.theory.dynamics.chain_kernels import run_lockstep
from cl_theory.theory.dynamics.enumeration import phase_means, stopped_means
from cl_theory.theory.dynamics.linear import linear_covariance, linear_mean, simulate_linear
from cl_theory.theory.dynamics.simulation import simulate_always_on, trace_isd_always_on, trace_two_term

CHAIN, THETA = three_state_chain(), np.log([2.0, 0.5])
EQUILIBRIUM = Equilibrium.of(local_chain(CHAIN, THETA))
NETWORK = LinearAutoregression(0.5, 0.7, 0.2, 0.3)
FAIL = 5.5  # standard errors: two-sided 4e-8 a coordinate


def scores(draws: np.ndarray, target: np.ndarray) -> np.ndarray:
    return (draws.mean(axis=0) - target) / (draws.std(axis=0, ddof=1) / np.sqrt(len(draws)))


@pytest.mark.parametrize(
    "length", [Fixed(23), Geometric(9), StopAt((1,), longest=12, shortest=2), StopAt((0, 2), longest=30)], ids=repr
)
def test_the_kernel_walks_the_same_paths_as_its_slow_sibling(length, monkeypatch) -> None:
    def run():
        psi, law = np.arange(6.0).reshape(3, 2), np.full(3, 1 / 3)
        return simulate_always_on(
            stream(1, "paths"), CHAIN, THETA, law, length, 500, learning_rate=0.4, mean_length=9, psi=psi
        )

    fast = run()
    monkeypatch.setattr(simulation, "_run_softmax", run_lockstep)
    slow = run()
    assert (fast.states == slow.states).all()
    assert (fast.lengths == slow.lengths).all()
    assert fast.parameters == pytest.approx(slow.parameters, abs=1e-12)
    assert fast.martingale == pytest.approx(slow.martingale, abs=1e-10)


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    def run(n_threads: int) -> np.ndarray:
        before = numba.get_num_threads()
        numba.set_num_threads(n_threads)
        try:
            return simulate_always_on(stream(4), CHAIN, THETA, 0, Geometric(30), 999, learning_rate=0.3).parameters
        finally:
            numba.set_num_threads(before)

    assert (run(1) == run(numba.config.NUMBA_NUM_THREADS)).all()


def test_a_shorter_phase_is_a_prefix_of_a_longer_one() -> None:
    def ends(length):
        return simulate_always_on(stream(5), CHAIN, THETA, 0, length, 100, learning_rate=0.3, mean_length=20)

    short, long = ends(Fixed(20)), ends(Fixed(60))
    stopped = ends(StopAt((0, 1, 2), longest=60, shortest=20))  # on its way to 60, in the general kernel
    assert (stopped.states == short.states).all()
    assert stopped.parameters == pytest.approx(short.parameters, abs=1e-12)
    assert (long.parameters != short.parameters).all()


@pytest.mark.parametrize("length", [Fixed(7), Uniform(3, 9), TwoPoint(2, 8)], ids=repr)
def test_simulated_means_are_the_enumerated_ones_and_planted_errors_are_not(length) -> None:
    eta, tau = 0.3, float(length.mean)
    target = phase_means(CHAIN, THETA, 0, length.largest, step_size=eta / tau).mean_displacement(length)
    ends = simulate_always_on(
        stream(6, repr(length)), CHAIN, THETA, 0, length, 200_000, learning_rate=eta, psi=EQUILIBRIUM.psi
    )
    assert abs(scores(ends.parameters - THETA, target)).max() < FAIL
    assert abs(scores(ends.controlled - THETA, target)).max() < FAIL
    best = ends.with_length_control(EQUILIBRIUM.mean_gradient, tau)
    assert abs(scores(best - THETA, target)).max() < FAIL
    planted = phase_means(CHAIN, THETA, 0, length.largest, step_size=1.01 * eta / tau).mean_displacement(length)
    assert abs(scores(best - THETA, planted)).max() > FAIL


@pytest.mark.parametrize("length", [Fixed(100), Geometric(100)], ids=repr)
def test_control_variates_cut_the_noise_of_small_steps(length) -> None:
    ends = simulate_always_on(
        stream(19, repr(length)), CHAIN, THETA, 0, length, 2000, learning_rate=0.02, psi=EQUILIBRIUM.psi
    )
    quiet = ends.with_length_control(EQUILIBRIUM.mean_gradient, 100)
    assert (quiet.std(axis=0) < 0.25 * ends.parameters.std(axis=0)).all()


def test_simulated_stopping_agrees_with_its_enumeration() -> None:
    rule = StopAt((2,), longest=8)
    exact = stopped_means(CHAIN, THETA, 0, rule, step_size=0.05)
    ends = simulate_always_on(
        stream(10), CHAIN, THETA, 0, rule, 50_000, learning_rate=0.05 * exact.mean_length, mean_length=exact.mean_length
    )
    assert abs(scores(ends.parameters - THETA, exact.displacement)).max() < FAIL
    assert abs(scores(ends.lengths[:, None].astype(float), np.array([exact.mean_length]))).max() < FAIL


@pytest.mark.parametrize(
    ("chain", "theta"),
    [
        (AffineChain.random(stream(1, "affine")), np.array([0.2, -0.1])),
        (SoftmaxChain.random(stream(2, "five"), 5, 3), np.array([0.3, -0.4, 0.2])),
        (GibbsChain(2, 1, factor=-1.0), np.array([0.5, -0.4, 0.3, 0.2, -0.6])),
    ],
)
def test_any_other_chain_runs_in_lock_step(chain, theta) -> None:
    chain = chain.floats() if isinstance(chain, AffineChain) else chain
    target = phase_means(chain, theta, 0, 4, step_size=0.1).displacement[4]
    ends = simulate_always_on(stream(11), chain, theta, 0, Fixed(4), 20_000, learning_rate=0.4)
    assert abs(scores(ends.parameters - theta, target)).max() < FAIL


def test_parameters_that_overflow_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"overflowed in replica 0.*lower the learning rate"):
        simulate_always_on(stream(1), CHAIN, THETA, 0, Fixed(100), 10, learning_rate=1e6)
    chain = one_state_chain(lambda theta: -(theta**2))
    with np.errstate(over="ignore", invalid="ignore"), pytest.raises(ValueError, match="lower the learning rate"):
        simulate_always_on(stream(1), chain, [1.0], 0, Fixed(200), 3, learning_rate=40.0)
    with pytest.raises(ValueError, match="lower the learning rate"):
        simulate_linear(stream(1), NETWORK, 1.0, 0.0, Fixed(3000), 5, step_size=30.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be a finite number above 0"),
        ({"learning_rate": -0.1}, "learning_rate must be a finite number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a finite number above 0"),
        ({"start": 3}, "start must be a state below 3"),
        ({"start": np.array([0.5, 0.4, 0.2])}, "start must sum to one"),
        ({"parameters": [0.1]}, "parameters must have shape"),
        ({"parameters": [0.1, float("inf")]}, "parameters must be finite"),
        ({"length": StopAt((1,))}, "needs a longest|mean_length must be given"),
        ({"n": 0}, "n must be an integer above 0"),
    ],
)
def test_bad_arguments_are_refused_by_name(change: dict, message: str) -> None:
    given = {"parameters": THETA, "start": 0, "length": Fixed(5), "n": 4, "learning_rate": 0.1} | change
    with pytest.raises(ValueError, match=message):
        simulate_always_on(stream(1), CHAIN, **given)


@pytest.mark.parametrize("length", [Fixed(9), Geometric(9), Uniform(3, 15), ShiftedPoisson(2, 9)], ids=repr)
def test_the_linear_network_has_its_exact_mean_and_covariance(length) -> None:
    theta, state = simulate_linear(
        stream(13, repr(length)), NETWORK, 2.0, 3.0, length, 100_000, step_size=0.1, state_variance=0.5
    )
    draws = np.stack([theta, state], axis=1)
    mean = linear_mean(NETWORK, 2.0, 3.0, length, step_size=0.1)
    assert abs(scores(draws, mean)).max() < FAIL
    exact = linear_covariance(NETWORK, 2.0, 3.0, length, step_size=0.1, state_variance=0.5)
    centred = draws - mean
    products = centred[:, [0, 0, 1]] * centred[:, [0, 1, 1]]
    assert abs(scores(products, exact[[0, 0, 1], [0, 1, 1]])).max() < FAIL
    assert abs(scores(products, 1.03 * exact[[0, 0, 1], [0, 1, 1]])).max() > FAIL


def _rbm_starts(rbm: RBM, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = stream(14, "starts")
    return (rng.random((n, rbm.n_visible)) < 0.5) * 1.0, (rng.random((n, rbm.n_hidden)) < 0.5) * 1.0


@pytest.mark.parametrize("clamped", [False, True])
def test_the_rbm_kernel_walks_the_same_paths_as_its_slow_sibling(clamped: bool) -> None:
    rbm, lengths = RBM.random(stream(14), 5, 3, 0.8), Geometric(10).sample(stream(15), 64)
    results = []
    for run in (run_rbm_phases, run_rbm_phases_numpy):
        v, h = _rbm_starts(rbm, 64)
        own = [np.repeat(part[None], 64, axis=0) for part in (rbm.weights, rbm.visible_bias, rbm.hidden_bias)]
        run(*own, v, h, lengths, -0.05, clamped, 7, np.array([3, 4], dtype=np.uint32))
        results.append([*own, v, h])
    for fast, slow in zip(*results, strict=True):
        assert fast == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("is_positive", [False, True])
def test_the_rbm_moves_as_its_enumerated_chain(is_positive: bool) -> None:
    rbm, n = RBM.random(stream(16), 3, 2, 0.8), 40_000
    v = np.array([1.0, 0.0, 1.0])
    chain = GibbsChain(3, 2, clamped=v if is_positive else None, factor=1.0 if is_positive else -1.0)
    start = 2 if is_positive else 5 + 8 * 2  # h = (0, 1); v = bits of 5
    theta = np.concatenate([rbm.weights.ravel(), rbm.visible_bias, rbm.hidden_bias])
    target = phase_means(chain, theta, start, 3, step_size=0.2).displacement[3]
    ends = simulate_rbm_phase(
        stream(17), rbm, np.tile(v, (n, 1)), np.tile([0.0, 1.0], (n, 1)), Fixed(3), learning_rate=0.6,
        is_positive=is_positive,
    )  # fmt: skip
    noisy = ends.displacement.std(axis=0) > 1e-12
    assert abs(scores(ends.displacement[:, noisy], target[noisy])).max() < FAIL
    assert ends.displacement[0, ~noisy] == pytest.approx(target[~noisy], abs=1e-12)
    projected = simulate_rbm_phase(
        stream(17), rbm, np.tile(v, (n, 1)), np.tile([0.0, 1.0], (n, 1)), Fixed(3), learning_rate=0.6,
        is_positive=is_positive, directions=np.ones((1, theta.size)),
    )  # fmt: skip
    assert projected.displacement[:, 0] == pytest.approx(ends.displacement.sum(axis=1), abs=1e-12)


def test_traces_learn_when_their_algorithm_says() -> None:
    positive, negative = three_state_phases()
    two_term = trace_two_term(stream(18), positive, negative, THETA, 0, phase_length=5, n_phases=8, learning_rate=0.1)
    assert np.flatnonzero(two_term.learns).tolist() == [9, 19, 29, 39]
    assert two_term.is_positive.reshape(8, 5)[::2].all()
    moved = (np.diff(two_term.parameters, axis=0) != 0).any(axis=1)
    assert (moved == two_term.learns).all()
    always = trace_isd_always_on(
        stream(18), positive, negative, THETA, 0, length=Geometric(5), n_phases=20, learning_rate=0.1, p_positive=0.4
    )
    assert always.learns.all()
    assert always.phase_ends[-1] == len(always.learns)
    steps = np.diff(always.parameters, axis=0)
    gradient = positive.gradient(always.parameters[:-1])[np.arange(len(steps)), always.states[:-1]]
    assert steps[always.is_positive] == pytest.approx(-0.1 / 5 / 0.4 * gradient[always.is_positive])
