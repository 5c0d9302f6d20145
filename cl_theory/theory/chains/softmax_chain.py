"""A chain whose next state is a softmax choice, with a gradient that is not linear in the parameters."""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from cl_theory.arguments import finite
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains.local_chain import ChainOfCoefficients, LocalChain, Smoothness

LARGEST_LOGIT = 600.0
LARGEST_SIGMOID_CURVATURE = 1 / (6 * np.sqrt(3))


@dataclass(frozen=True, eq=False)
class SoftmaxChain(ChainOfCoefficients):
    r"""Softmax kernel and sigmoid gradient on m states with d parameters.

    .. math:: P_\theta(x, y) = \frac{w_{xy} e^{\theta\cdot f(x,y)}}{\sum_{y'} w_{xy'} e^{\theta\cdot f(x,y')}},
        \qquad G_i(x, \theta) = a_{xi} + \sum_j B_{xij}\, \sigma(\theta_j)

    `weights` w (m, m) are positive, `features` f (d, m, m), `offset` a (m, d), `slope` B (m, d, d) with index
    (state, component, parameter); sigma is the logistic function. With rational weights, offsets and slopes and
    whole-numbered features the chain is rational wherever the odds exp(theta) are (`at_odds`).
    """

    weights: np.ndarray
    features: np.ndarray
    offset: np.ndarray
    slope: np.ndarray

    def __post_init__(self) -> None:
        m, d = np.shape(self.offset)
        for name, shape in (("weights", (m, m)), ("features", (d, m, m)), ("slope", (m, d, d))):
            if finite(getattr(self, name), name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {np.shape(getattr(self, name))}")
        if not (self.weights > 0).all():
            raise ValueError("weights must be positive; leave out a transition with a chain from callables")

    @classmethod
    def random(cls, rng: np.random.Generator, n_states: int = 3, n_parameters: int = 2) -> "SoftmaxChain":
        """A chain with small random rationals: weights k/4, features in {-1, 0, 1}, offsets and slopes k/4."""
        m, d = n_states, n_parameters
        return cls(
            exact_array(rng.integers(1, 9, (m, m))) / 4,
            rng.integers(-1, 2, (d, m, m)),
            exact_array(rng.integers(-4, 5, (m, d))) / 4,
            exact_array(rng.integers(-4, 5, (m, d, d))) / 4,
        )

    def transition_matrix(self, parameters: np.ndarray) -> np.ndarray:
        """P_theta (..., m, m). ValueError where a logit is too large for float64 to tell rows from 0 and 1."""
        logits = np.tensordot(np.asarray(parameters, dtype=float), self.features.astype(float), axes=1)
        if not (abs(logits) <= LARGEST_LOGIT).all():
            raise ValueError(f"parameters must keep |theta . f| below {LARGEST_LOGIT}; lower the learning rate")
        mass = self.weights.astype(float) * np.exp(logits - logits.max(axis=-1, keepdims=True))
        return mass / mass.sum(axis=-1, keepdims=True)

    def transition_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """dP/dtheta_i = P (f_i - E f_i), shape (d, m, m), exact."""
        return _softmax_derivative(self.transition_matrix(parameters), self.features.astype(float))

    def gradient(self, parameters: np.ndarray) -> np.ndarray:
        """G (..., m, d)."""
        sigmoid = _sigmoid(np.asarray(parameters, dtype=float))
        return self.offset.astype(float) + np.einsum("xij,...j->...xi", self.slope.astype(float), sigmoid)

    def gradient_derivative(self, parameters: np.ndarray) -> np.ndarray:
        """dG_i/dtheta_j = B_ij sigma'(theta_j), shape (m, d, d)."""
        sigmoid = _sigmoid(np.asarray(parameters, dtype=float))
        return self.slope.astype(float) * (sigmoid * (1 - sigmoid))

    def at_odds(self, odds: Any) -> LocalChain:
        """The chain at theta = log(odds) in exact rationals. ValueError unless all coefficients are rational."""
        odds = exact_array(odds)
        if not (odds > 0).all():
            raise ValueError(f"odds must be positive rationals, got {odds.tolist()}")
        if self.weights.dtype == float:
            raise ValueError("weights must hold Fractions for an exact rational chain, got float64")
        whole = self.features.astype(int).astype(object)
        mass = self.weights * (odds[:, None, None] ** whole).prod(axis=0)
        kernel = mass / mass.sum(axis=1)[:, None]
        sigmoid, slope = odds / (1 + odds), self.slope
        return LocalChain(
            kernel,
            _softmax_derivative(kernel, whole),
            self.offset + slope @ sigmoid,
            slope * (sigmoid * (1 - sigmoid)),
        )

    def dobrushin_bound(self, centre: np.ndarray, radius: float) -> float:
        """Upper bound, below 1, on the Dobrushin coefficient of every P_theta within `radius` of `centre`.

        Each P_theta(x, y) is at least P(x, y)/sum over y' of P(x, y') exp(radius |f(x, y') - f(x, y)|), and the
        coefficient is at most 1 - sum over y of the smallest of these over x.
        """
        kernel = self.transition_matrix(np.asarray(centre, dtype=float))
        growth = np.exp(radius * _largest_jump(self.features))
        least = kernel / np.einsum("xz,xyz->xy", kernel, growth)
        return float(1 - least.min(axis=0).sum())

    def smoothness(self, centre: np.ndarray, radius: float) -> Smoothness:
        """Constants that hold for every theta, whatever `centre` and `radius`.

        For X = v . f(x, Y) with |v| = 1 and range R: the mass of dP[v] is E|X - EX| <= R/2, and that of the second
        derivative is E|(X - EX)^2 - Var X| <= 2 Var X <= R^2/2. G is linear in sigma(theta) in [0, 1]^d, so its
        largest norms sit at corners; sigma' <= 1/4 and |sigma''| <= 1/(6 sqrt 3).
        """
        slope, offset, d = self.slope.astype(float), self.offset.astype(float), self.n_parameters
        spread = float(_largest_jump(self.features).max())
        corners = np.array(list(product((0.0, 1.0), repeat=d)))
        largest = np.linalg.norm(offset + np.einsum("xij,cj->cxi", slope, corners), axis=-1).max()
        steepest = max(np.linalg.norm(slope * corner, 2, axis=(1, 2)).max() for corner in corners) / 4
        bend = np.linalg.norm(slope, axis=1).max() * LARGEST_SIGMOID_CURVATURE
        return Smoothness(M=float(largest), L=float(steepest), K=spread / 2, L2=float(bend), K2=spread**2 / 2)


def _largest_jump(features: np.ndarray) -> np.ndarray:
    """|f(x, y) - f(x, y')|, shape (m, m, m)."""
    jumps = features.astype(float)[:, :, :, None] - features.astype(float)[:, :, None, :]
    return np.sqrt((jumps**2).sum(axis=0))


def three_state_chain() -> SoftmaxChain:
    """The three-state, two-parameter chain of Part II: small rationals, no symmetry, G = a + B (sigma(theta) - 1/2).

    Its mean gradient vanishes at theta = (0.0940, -0.0665), where learning comes to rest.
    """
    return _centred_chain(
        [[4, 2, 1], [3, 4, 2], [1, 3, 4]],
        [[[0, 1, 1], [1, 0, -1], [0, -1, 1]], [[1, 0, -1], [0, 1, 1], [-1, 1, 0]]],
        [[4, -2], [-5, 2], [0, 1]],
        [[[4, 1], [-1, 3]], [[3, -1], [1, 4]], [[4, 1], [-1, 4]]],
    )


def three_state_phases() -> tuple[SoftmaxChain, SoftmaxChain]:
    """A positive and a negative phase over the same two parameters, with G = g+ and G = g-.

    mu = gbar+ - gbar- vanishes where neither gbar+ nor gbar- does; descent on it comes to rest there.
    """
    positive = three_state_chain()
    negative = _centred_chain(
        [[2, 3, 1], [1, 2, 4], [4, 1, 3]],
        [[[1, 0, -1], [0, 1, 1], [1, -1, 0]], [[0, 1, 1], [-1, 0, 1], [1, 0, -1]]],
        [[12, 5], [6, 8], [9, 3]],
        [[[-2, 1], [0, -3]], [[-3, 0], [1, -2]], [[-2, 1], [-1, -2]]],
    )
    lift = np.array([Fraction(2), Fraction(3, 2)])
    return replace(positive, offset=positive.offset + lift), negative


def _centred_chain(weights: Any, features: Any, level: Any, slope: Any) -> SoftmaxChain:
    """Chain with weights k/4 and G = level/4 + slope (sigma(theta) - 1/2)."""
    steep = exact_array(slope)
    offset = exact_array(level) / 4 - steep.sum(axis=2) / 2
    return SoftmaxChain(exact_array(weights) / 4, np.array(features), offset, steep)


def with_gradient(chain: SoftmaxChain, *, factor: Any = 1, baseline: Any = 0) -> SoftmaxChain:
    """`chain` with G replaced by factor (G - baseline): a phase of ISD, factor 1/b or -1/(1-b), baseline (d,)."""
    return replace(chain, offset=(chain.offset - baseline) * factor, slope=chain.slope * factor)


def _softmax_derivative(kernel: np.ndarray, features: np.ndarray) -> np.ndarray:
    means = (kernel * features).sum(axis=-1)
    return kernel * (features - means[:, :, None])


def _sigmoid(values: np.ndarray) -> np.ndarray:
    tail = np.exp(-abs(values))
    return np.where(values >= 0, 1, tail) / (1 + tail)
