"""From a gradient to a step downhill: plain, with momentum, and Adam; state in, state out."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from cl_theory.arguments import positive

Memory = dict[str, np.ndarray]
Shape = int | tuple[int, ...]
Share = float | np.ndarray


class Optimiser(ABC):
    """`start` gives the memory of the first step; `step` returns what is added to the parameters and the new memory.

    `learning_rate` may be divided at each call: always-on learning spreads it over the mean length of a phase.
    """

    learning_rate: float

    @abstractmethod
    def start(self, shape: Shape) -> Memory:
        """Memory before the first step of parameters of this shape, float64 arrays by name."""

    @abstractmethod
    def step(self, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> tuple[np.ndarray, Memory]:
        """What to add to the parameters, at `share` of the learning rate, and the memory of the next step."""


@dataclass(frozen=True)
class SGD(Optimiser):
    r"""Plain descent, :math:`\Delta\theta = -\eta Z`."""

    learning_rate: float

    def __post_init__(self) -> None:
        positive(self.learning_rate, "learning_rate")

    def start(self, shape: Shape) -> Memory:
        return {}

    def step(self, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> tuple[np.ndarray, Memory]:
        return -self.learning_rate * share * gradient, memory


@dataclass(frozen=True)
class Momentum(Optimiser):
    r"""Heavy ball, :math:`u' = \beta u + Z`, :math:`\Delta\theta = -\eta u'`. Source: Polyak (1964)."""

    learning_rate: float
    momentum: float = 0.9

    def __post_init__(self) -> None:
        positive(self.learning_rate, "learning_rate")
        _fraction(self.momentum, "momentum")

    def start(self, shape: Shape) -> Memory:
        return {"velocity": np.zeros(shape)}

    def step(self, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> tuple[np.ndarray, Memory]:
        velocity = self.momentum * memory["velocity"] + gradient
        return -self.learning_rate * share * velocity, {"velocity": velocity}


@dataclass(frozen=True)
class Adam(Optimiser):
    r"""Steps scaled by running moments of the gradient.

    .. math:: m' = \beta_1 m + (1-\beta_1) Z, \quad s' = \beta_2 s + (1-\beta_2) Z^2, \quad
        \Delta\theta = -\eta\, \frac{m' / (1-\beta_1^t)}{\sqrt{s' / (1-\beta_2^t)} + \epsilon}

    Source: Kingma & Ba (2015), Algorithm 1.
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        positive(self.learning_rate, "learning_rate")
        positive(self.epsilon, "epsilon")
        _fraction(self.beta1, "beta1")
        _fraction(self.beta2, "beta2")

    def start(self, shape: Shape) -> Memory:
        return {"first": np.zeros(shape), "second": np.zeros(shape), "count": np.zeros(())}

    def step(self, gradient: np.ndarray, memory: Memory, share: Share = 1.0) -> tuple[np.ndarray, Memory]:
        count = memory["count"] + 1
        first = self.beta1 * memory["first"] + (1 - self.beta1) * gradient
        second = self.beta2 * memory["second"] + (1 - self.beta2) * gradient**2
        spread = np.sqrt(second / (1 - self.beta2**count)) + self.epsilon
        change = -self.learning_rate * share * (first / (1 - self.beta1**count)) / spread
        return change, {"first": first, "second": second, "count": count}


def _fraction(value: float, name: str) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name} must lie in [0, 1), got {value!r}")
