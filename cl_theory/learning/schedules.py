"""When the parameters move: at the end of both phases, of each phase, or at every step."""

from dataclasses import dataclass, field
from typing import ClassVar

from cl_theory.arguments import probability_inside
from cl_theory.phases import Fixed, PhaseLength
from cl_theory.phases.order import Alternating, Bernoulli, Stratified, Systematic

PhaseOrder = Bernoulli | Alternating | Stratified | Systematic


@dataclass(frozen=True)
class TwoTerm:
    """Both phases, then one step along their difference: the classical rule, with b = 1/2 built in."""

    name: ClassVar[str] = "two-term"


@dataclass(frozen=True)
class ISD:
    """One phase, then one step along its gradient, weighted by 1/b or -1/(1-b).

    `p_positive` is b; `order` names how the phases follow each other: "bernoulli" (independent coins), "systematic",
    "stratified" (within a thousand phases) or "alternating" (b = 1/2 only).
    """

    p_positive: float = 0.5
    order: str = "bernoulli"
    name: ClassVar[str] = "isd"

    def __post_init__(self) -> None:
        phase_order(self.order, self.p_positive)

    @property
    def phases(self) -> PhaseOrder:
        """The law of the order of phases."""
        return phase_order(self.order, self.p_positive)


@dataclass(frozen=True)
class CentredISD(ISD):
    """ISD around a running baseline: moving averages of both phases' gradients, each moved by `baseline_rate`."""

    baseline_rate: float = 0.01
    name: ClassVar[str] = "centred-isd"

    def __post_init__(self) -> None:
        super().__post_init__()
        _rate(self.baseline_rate)


@dataclass(frozen=True)
class AlwaysOnISD(ISD):
    """ISD that learns at every step of a phase with eta/tau, where tau is the mean of `length`.

    ``Fixed(T)`` gives always-on learning with fixed T; ``Geometric(tau)`` and the other laws of `cl_theory.phases`
    give random T, for which no signal marks the end of a phase. With a `baseline_rate` (per phase) it is centred.
    """

    length: PhaseLength = field(default_factory=lambda: Fixed(200))
    baseline_rate: float | None = None
    name: ClassVar[str] = "always-on-isd"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.length, PhaseLength):
            raise ValueError(f"length must be a law of phase lengths such as Fixed(200), got {self.length!r}")
        if self.baseline_rate is not None:
            _rate(self.baseline_rate)


Schedule = TwoTerm | ISD


def phase_order(name: str, p_positive: float) -> PhaseOrder:
    """Law of the order of phases from its name; ValueError on an unknown name or a b that it cannot have."""
    b = float(probability_inside(p_positive))
    if name == "alternating" and b != 0.5:
        raise ValueError(f"phases that alternate have p_positive 0.5, got {p_positive!r}; use order='systematic'")
    orders: dict[str, PhaseOrder] = {
        "bernoulli": Bernoulli(b),
        "systematic": Systematic(b),
        "stratified": Stratified(b),
    }
    orders["alternating"] = Alternating()
    if name not in orders:
        raise ValueError(f"order must be one of {', '.join(orders)}, got {name!r}")
    return orders[name]


def _rate(value: float) -> None:
    if not 0 < value <= 1:
        raise ValueError(f"baseline_rate must lie in (0, 1], got {value!r}")
