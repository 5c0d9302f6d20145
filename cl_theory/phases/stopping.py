"""A phase that ends when the network reaches certain states: a length that depends on the chain."""

from dataclasses import dataclass

from cl_theory.arguments import positive_integer


@dataclass(frozen=True)
class StopAt:
    """T = first t >= `shortest` at which the state z_t is one of `states`, and at most `longest`.

    A stopping time: whether T <= t can be read off z_0 .. z_t. Its moments depend on the chain:
    `cl_theory.markov.stopped_length_moments`. Always-on learning survives it, end-of-phase learning does not
    (claim `aol-any-length-law`).
    """

    states: tuple[int, ...]
    longest: int | None = None
    shortest: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", tuple(sorted({int(z) for z in self.states})))
        object.__setattr__(self, "shortest", positive_integer(self.shortest, "shortest"))
        if not self.states or self.states[0] < 0:
            raise ValueError(f"states must name at least one state by its index, got {self.states}")
        if self.longest is not None and positive_integer(self.longest, "longest") < self.shortest:
            raise ValueError(f"longest must be at least shortest = {self.shortest}, got {self.longest}")

    def stops(self, t: int, state: int) -> bool:
        """Whether a phase that is still running ends at time t in `state`."""
        return (t >= self.shortest and state in self.states) or t == self.longest
