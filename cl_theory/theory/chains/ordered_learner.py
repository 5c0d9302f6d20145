"""A linear learner whose phases come in the order of a Markov chain: exact moments at any rate, and at small ones."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cl_theory.theory.chains.stationary import identity, solve, stationary_distribution


@dataclass(frozen=True, eq=False)
class OrderedLearner:
    r"""A linear learner whose phases come in the order of a finite Markov chain, float64 or exact.

    :math:`\theta \leftarrow \theta - \eta Z`, and the mean gradients are :math:`c^* + H_\pm\theta`.

    transition, is_positive
        The chain (n, n), irreducible, and which of its states are positive phases, (n,).
    slopes_positive, slopes_negative
        :math:`H_\pm`, (d, d).
    miss
        :math:`c^* - c` of the baseline, (d,).
    noise_positive, noise_negative
        :math:`\Sigma_\pm`, (d, d), of gradients that are independent given the phases.
    pushes
        A part of Z that goes with the state, (n, d), and has mean 0.
    """

    transition: np.ndarray
    is_positive: np.ndarray
    slopes_positive: np.ndarray
    slopes_negative: np.ndarray
    miss: np.ndarray
    noise_positive: np.ndarray
    noise_negative: np.ndarray
    pushes: Any = 0

    @cached_property
    def law(self) -> np.ndarray:
        """Stationary law of the chain, (n,)."""
        return stationary_distribution(self.transition)

    @property
    def p_positive(self) -> Any:
        """Share of positive phases."""
        return self.law @ np.where(self.is_positive, 1, 0)

    @cached_property
    def _phases(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # Of each state: slopes (n, d, d), mean (n, d) and covariance (n, d, d) of Z at theta = 0.
        b, sign = self.p_positive, self.is_positive[:, None, None]
        push = np.where(self.is_positive, 1 / b, -1 / (1 - b))[:, None] * self.miss + self.pushes
        slopes = np.where(sign, self.slopes_positive / b, -self.slopes_negative / (1 - b))
        return slopes, push, np.where(sign, self.noise_positive / b**2, self.noise_negative / (1 - b) ** 2)

    def slow(self) -> tuple[np.ndarray, np.ndarray]:
        r"""(:math:`H\,E\theta/\eta` (d,), :math:`(HV + VH^\top)/\eta` (d, d)) as :math:`\eta \to 0`.

        The moments of theta on each state of the chain, expanded in the rate, close at the second order.
        """
        slopes, push, noise = self._phases
        weighted = self.law[:, None] * push
        forgets = identity(len(self.law), like=self.transition) - self.transition.T + self.law[:, None]
        first = solve(forgets, -self.transition.T @ weighted)
        crossed = first.T @ push
        still = weighted.T @ push + np.tensordot(self.law, noise, 1)
        return -np.einsum("sij,sj->i", slopes, first), still - crossed - crossed.T

    def after(self, rate: Any, n_phases: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean (d,) and second moment (d, d) after `n_phases` from theta = 0, for phases in equilibrium."""
        slopes, push, noise = self._phases
        d = len(self.miss)
        first, second = 0 * push, 0 * noise
        for _ in range(n_phases):
            keep = identity(d, like=self.transition) - rate * slopes
            moved = np.einsum("sij,sj->si", keep, first)
            crossed = rate * np.einsum("si,sj->sij", moved, push)
            fresh = self.law[:, None, None] * rate**2 * (np.einsum("si,sj->sij", push, push) + noise)
            second = keep @ second @ np.swapaxes(keep, 1, 2) - crossed - np.swapaxes(crossed, 1, 2) + fresh
            first = moved - rate * self.law[:, None] * push
            first, second = self.transition.T @ first, np.tensordot(self.transition.T, second, 1)
        return first.sum(axis=0), second.sum(axis=0)

    def settled(self, rate: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean (d,) and covariance (d, d) that one more phase leaves as they are; a system of linear equations."""
        slopes, push, noise = self._phases
        n, d = push.shape
        keep = identity(d, like=self.transition) - rate * slopes
        once = np.einsum("st,sij->tisj", self.transition, keep).reshape(n * d, n * d)
        told = self.transition.T @ (self.law[:, None] * -rate * push)
        first = solve(identity(n * d, like=once) - once, told.reshape(-1)).reshape(n, d)
        crossed = rate * np.einsum("sij,sj,sk->sik", keep, first, push)
        fresh = self.law[:, None, None] * rate**2 * (np.einsum("si,sj->sij", push, push) + noise)
        source = np.tensordot(self.transition.T, fresh - crossed - np.swapaxes(crossed, 1, 2), 1)
        twice = np.einsum("st,sij,skl->tiksjl", self.transition, keep, keep).reshape(n * d * d, n * d * d)
        second = solve(identity(n * d * d, like=twice) - twice, source.reshape(-1)).reshape(n, d, d)
        mean = first.sum(axis=0)
        return mean, second.sum(axis=0) - np.outer(mean, mean)
