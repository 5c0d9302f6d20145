"""The three-stage rule: most true statements are cleared on n draws, and only doubtful ones cost 4n and 16n more."""

from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 5e-7
"""False-alarm rate of one Monte Carlo statistic."""
POWER = 1 - 1e-6
"""Planned power: a run has hundreds of planted errors, and each must be caught in every run."""
POWER_FLOOR = 0.999
"""A pass with less power than this against a planted error says nothing."""
GAMMA = 0.01


def planned_power(power: float) -> float:
    """Return `power` if it can be planned for, else raise ValueError. Leave room above the floor: 0.9999 has 23 %
    in the variance of the sample, the default 67 %."""
    if not POWER_FLOOR < power < 1:
        raise ValueError(f"power must lie between {POWER_FLOOR}, the least a pass needs, and 1, got {power!r}")
    return power


@dataclass(frozen=True)
class ThreeStages:
    r"""Stage i looks at n, 4n, 16n fresh draws and fails when :math:`p \le \alpha_i = \alpha/(3\gamma^{i-1})`,
    passes when :math:`p > \gamma`, else goes on; after the third stage it passes.

    With uniform p-values it fails with probability
    :math:`\alpha_1 + (\gamma-\alpha_1)\alpha_2 + (\gamma-\alpha_1)(\gamma-\alpha_2)\alpha_3 < \alpha`.
    ValueError unless :math:`0 < \alpha \le 3\gamma^3` and :math:`\gamma < 1`, so that :math:`\alpha_3\le\gamma`.
    """

    alpha: float = ALPHA
    gamma: float = GAMMA

    def __post_init__(self) -> None:
        if not 0 < self.gamma < 1:
            raise ValueError(f"gamma must lie strictly between 0 and 1, got {self.gamma!r}")
        if not 0 < self.alpha <= 3 * self.gamma**3:
            raise ValueError(f"alpha must lie in (0, 3 gamma^3 = {3 * self.gamma**3:.3g}], got {self.alpha!r}")

    @property
    def levels(self) -> tuple[float, float, float]:
        """The levels at which the stages fail."""
        return self.alpha / 3, self.alpha / (3 * self.gamma), self.alpha / (3 * self.gamma**2)

    @property
    def false_alarm_rate(self) -> float:
        """The exact rate for continuous p-values; below `alpha`."""
        first, second, third = self.levels
        return first + (self.gamma - first) * (second + (self.gamma - second) * third)

    @staticmethod
    def draws(n: int) -> tuple[int, int, int]:
        """Draws at each stage."""
        return n, 4 * n, 16 * n

    def decide(self, stage: int, p_value: float) -> bool | None:
        """True: pass, False: fail, None: go on; `stage` is 0, 1 or 2. ValueError unless 0 <= p_value <= 1."""
        if not 0 <= p_value <= 1:
            raise ValueError(f"a p-value must lie in [0, 1], got {p_value!r}; look for an overflow in the sample")
        if p_value <= self.levels[stage]:
            return False
        return True if p_value > self.gamma or stage == 2 else None

    def miss(self, failing: Sequence[float], passing: Sequence[float]) -> float:
        """Probability that the rule passes, from each stage's probability to fail and to pass at once.

        lower bounds in `failing` and upper bounds in `passing` the result is an upper bound.
        """
        missed = 1 - failing[2]
        for fail, at_once in ((failing[1], passing[1]), (failing[0], passing[0])):
            missed = at_once + max(0.0, 1 - fail - at_once) * missed
        return missed
