"""How many updates a number of phases makes, and what they cost."""

from typing import Protocol

from cl_theory.learning.schedules import ISD, Schedule


class _Scheduled(Protocol):
    @property
    def schedule(self) -> Schedule: ...
    @property
    def steps_per_phase(self) -> int: ...


class EndOfPhasePace:
    """An update after each phase under `ISD`, after each pair under `TwoTerm`."""

    @property
    def phases_per_update(self: _Scheduled) -> int:
        return phases_per_update(self.schedule)

    def iterations(self: _Scheduled, n_phases: int) -> int:
        """Updates that `n_phases` phases of each chain make."""
        return -(-n_phases // phases_per_update(self.schedule))

    def cost(self: _Scheduled, iteration: int) -> tuple[float, float]:
        """(phases, time steps of the network) run up to `iteration`, of each chain."""
        phases = iteration * phases_per_update(self.schedule)
        return phases, phases * self.steps_per_phase


def phases_per_update(schedule: Schedule) -> int:
    """2 for a two-term update, else 1."""
    return 1 if isinstance(schedule, ISD) else 2
