"""Checks that always-on learning follows the gradient flow: a real model by simulation, and a network that freezes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cl_theory.cases.flow_systems import THETA, slope_of_update, slopes_in_length
from cl_theory.cases.real_models import RealModel, bars_model
from cl_theory.checks import Outcome, close
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.dynamics import current_bias, gradient_flow, simulate_always_on, simulate_rbm_phase
from cl_theory.markov import Equilibrium, stationary_distributions
from cl_theory.models.local_chain import local_chain
from cl_theory.models.rbm_means import rbm_phase_means
from cl_theory.models.softmax_chain import three_state_phases
from cl_theory.phases import Fixed
from cl_theory.samplers import ExactPhaseSampler
from cl_theory.seeds import stream


def rbm_flow_check(
    root: int, claim: str, *, learning_rate: float, phase_length: int, model: RealModel | None = None
) -> tuple[Outcome, Mapping[str, Outcome]]:
    r"""Free phases of a real RBM, always on, against the flow of its enumerated mean gradient.

    :math:`2\Delta_{2\tau} - \Delta_\tau` has no term of order 1/tau, so its mean is the flow's displacement up to
    O(eta/tau^2). Two directions: the gradient, and its change along itself. Planted: what the wrong readings predict.
    """
    model = model or bars_model()
    rbm = model.rbm

    def field(flat: np.ndarray) -> np.ndarray:
        return -rbm_phase_means(rbm.with_flat(flat), model.data[:1])[1]

    step = field(rbm.flat)
    bend = (field(rbm.flat + 1e-4 * step) - field(rbm.flat - 1e-4 * step)) / 2e-4
    directions = np.stack([step / np.linalg.norm(step), bend / np.linalg.norm(bend)])
    flowed = gradient_flow(field, rbm.flat, learning_rate, tolerance=1e-3) - rbm.flat
    target, standard = directions @ flowed, directions @ (-learning_rate * step)
    sampler = ExactPhaseSampler(rbm, model.data)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        v, h = sampler.negative(rng, size)
        ends = [
            simulate_rbm_phase(
                rng, rbm, v, h, Fixed(steps), learning_rate=learning_rate, is_positive=False, directions=directions
            ).displacement
            for steps in (phase_length, 2 * phase_length)
        ]
        return 2 * ends[1] - ends[0]

    errors = {
        "the standard step": standard - target,
        "twice the flow term": learning_rate**2 / 2 * directions @ bend,
        "rate off by 1 %": -0.01 * learning_rate * directions @ field(rbm.flat + flowed),
    }
    check = PlannedMean(
        draw, lambda rows, shift: rows + _shift(shift), lambda shift: target + _shift(shift), errors, np.abs(target),
        pilot=1000,
    )  # fmt: skip
    return check.check(root, claim, model.name, scope=f"free phases of the RBM on {model.name}: gradient flow")


def bias_against_the_step(dreamt: Outcome, learning_rate: float) -> float:
    """Per cent of the standard step by which the flow of `rbm_flow_check`'s model departs from it, along itself."""
    model = bars_model()
    step = -learning_rate * np.linalg.norm(rbm_phase_means(model.rbm, model.data)[1])
    return float(100 * abs(dreamt.details["target"][0] / step - 1))


def lag_check(
    root: int, claim: str, *, step_size: float, t: int, parameters: np.ndarray = THETA
) -> tuple[Outcome, Mapping[str, Outcome]]:
    """E[G(z_t, theta_t) - gbar(theta_t)] by simulation from equilibrium, against its exact value.

    The same random numbers without learning have mean 0 and take off most of the noise.
    """
    chain = three_state_phases()[1]
    at = Equilibrium.of(local_chain(chain, parameters))

    def against_current(seed: int, size: int, rate: float) -> np.ndarray:
        ends = simulate_always_on(stream(seed), chain, parameters, at.law, Fixed(t), size, learning_rate=rate)
        gradient = chain.gradient(ends.parameters)
        laws = stationary_distributions(chain.transition_matrix(ends.parameters))
        return gradient[np.arange(size), ends.states] - np.einsum("nz,nzi->ni", laws, gradient)

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        seed = int(rng.integers(2**62))
        return against_current(seed, size, step_size * t) - against_current(seed, size, 1e-12)

    target = current_bias(chain, parameters, at.law, t, step_size=step_size)[t]
    errors = {
        "no lag at all": -target,
        "correlation left out": step_size * at.correlation,
        "of the wrong sign": -2 * target,
    }
    check = PlannedMean(
        draw, lambda rows, shift: rows + _shift(shift), lambda shift: target + _shift(shift), errors,
        float(np.abs(target).max()),
    )  # fmt: skip
    return check.check(root, claim, scope="bias against the current parameters by simulation, three states")


def orders_in_length() -> tuple[Outcome, Mapping[str, Outcome]]:
    """AR(1): the distance to the flow is of order 1 in 1/tau, that to the standard step of order 0."""
    scope, slopes = "AR(1), slope in 1/tau of the distance to the flow and to the step", slopes_in_length()
    planted = {"yardsticks exchanged": slopes[::-1], "flow off by 1 %": slopes_in_length(1.01)}
    return _orders(scope, slopes, [1.0, 0.0], planted, tolerance=1e-4)


def order_of_update() -> tuple[Outcome, Mapping[str, Outcome]]:
    """One update's bias against the current parameters is of order 2 in eta."""
    scope = "slope in eta of one update's bias against the current parameters"
    planted = {"a bias of 1 % that stays": slope_of_update(0.01)}
    return _orders(scope, slope_of_update(), 2.0, planted, tolerance=1e-3)


def _orders(
    scope: str, found: Any, expected: Any, planted: Mapping[str, Any], *, tolerance: float
) -> tuple[Outcome, Mapping[str, Outcome]]:
    def check(slopes: Any) -> Outcome:
        return close(slopes, expected, scope=scope, tolerance=tolerance)

    return check(found), {name: check(wrong) for name, wrong in planted.items()}


def freezing_mean(parameter: float, learning_rate: float, n_steps: int) -> float:
    """E[theta_T - theta_0] of a network that freezes as it learns: two states, switched with probability
    max(theta, 0)/2, gradient G(z) = z, start in state 1.

    theta = theta_0 - epsilon k after k visits to state 1, so that the law of (z, k) is a table.
    """
    step = learning_rate / n_steps
    switch = np.clip(parameter - step * np.arange(n_steps + 1), 0.0, 1.0) / 2
    off, on = np.zeros(n_steps + 1), np.zeros(n_steps + 1)
    on[0] = 1.0
    for _ in range(n_steps):
        stay_off, leave_off = off * (1 - switch), off * switch
        stay_on, leave_on = on * (1 - switch), on * switch  # the kernel before the update, then the update
        off, on = stay_off, leave_off
        off[1:] += leave_on[:-1]
        on[1:] += stay_on[:-1]
    return float(-step * (np.arange(n_steps + 1) @ (off + on)))


def _shift(planted: Any) -> Any:
    return planted if isinstance(planted, np.ndarray) else 0.0
