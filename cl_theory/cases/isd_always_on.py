"""ISD with always-on phases on the three-state pair: drift, fixed points, noise, and learning by many copies."""

from typing import Any

import numpy as np
from scipy.optimize import root

from cl_theory.arguments import positive_integer
from cl_theory.dynamics import MeanPhases, TransferOperator, mean_gradient, simulate_always_on
from cl_theory.markov import Equilibrium
from cl_theory.models.local_chain import local_chain
from cl_theory.models.softmax_chain import SoftmaxChain, three_state_phases, with_gradient
from cl_theory.phases import Fixed

Pair = tuple[SoftmaxChain, SoftmaxChain]


def rest_point(pair: Pair) -> np.ndarray:
    """Where mu = gbar+ - gbar- is 0 for the pair of three-state phases, (2,)."""
    positive, negative = pair

    def mu(theta: np.ndarray) -> np.ndarray:
        return mean_gradient(positive, theta) - mean_gradient(negative, theta)

    return root(mu, [0.24, -0.17], tol=1e-13).x


def mean_phases(locals_: Any) -> MeanPhases:
    """Mean gradients and Jacobians of a pair of local chains, float64 or exact."""
    up, down = (Equilibrium.of(local) for local in locals_)
    return MeanPhases(up.mean_gradient, up.mean_gradient_derivative, down.mean_gradient, down.mean_gradient_derivative)


def isd_phases(pair: Pair, p_positive: Any, baseline: Any) -> Pair:
    """The pair as learning sees it: (G - c)/b in a positive phase, -(G - c)/(1-b) in a negative one."""
    positive, negative = pair
    return (
        with_gradient(positive, factor=1 / p_positive, baseline=baseline),
        with_gradient(negative, factor=-1 / (1 - p_positive), baseline=baseline),
    )


def isd_drift(
    pair: Pair, theta: np.ndarray, *, learning_rate: float, phase_length: int, p_positive: float, baseline: Any = 0.0
) -> np.ndarray:
    """Exact mean displacement (2,) of one always-on ISD phase of fixed length, started in equilibrium."""
    result = np.zeros(2)
    for share, chain in zip((p_positive, 1 - p_positive), isd_phases(pair, p_positive, baseline), strict=True):
        start = Equilibrium.of(local_chain(chain, theta)).law
        operator = TransferOperator.of_phase(chain, theta, learning_rate=learning_rate, mean_length=phase_length)
        result += share * operator.mean_displacement(start, Fixed(phase_length))
    return result


def learn_together_by_isd(
    rng: np.random.Generator, pair: Pair, theta: np.ndarray, n_phases: int, n_copies: int, *, learning_rate: float,
    phase_length: int, p_positive: float, baseline: Any = 0.0,
) -> np.ndarray:  # fmt: skip
    """Parameters (n_phases+1, 2) that `n_copies` share: each tosses its own coin, always learns, and after every phase
    all go on from the mean of where they came to. States go on from phase to phase."""
    chains, states = isd_phases(pair, p_positive, baseline), np.zeros(n_copies, dtype=np.int64)
    path = [np.array(theta, dtype=float)]
    for _ in range(positive_integer(n_phases, "n_phases")):
        is_positive, total = rng.random(n_copies) < p_positive, np.zeros(2)
        for rows, chain in zip((is_positive, ~is_positive), chains, strict=True):
            if rows.any():
                ends = simulate_always_on(
                    rng, chain, path[-1], states[rows], Fixed(phase_length), int(rows.sum()),
                    learning_rate=learning_rate,
                )  # fmt: skip
                total, states[rows] = total + ends.parameters.sum(axis=0), ends.states
        path.append(total / n_copies)
    return np.stack(path)


def three_state_pair() -> Pair:
    """The pair of `three_state_phases` in float64."""
    positive, negative = three_state_phases()
    return positive.floats(), negative.floats()
