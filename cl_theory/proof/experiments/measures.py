"""A measure of stored runs as a chapter reads it: its unit, its words, and what criteria are decided from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.learning.models.images import best_negative_log_likelihood
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.experiments.results import ArmResults, Results, at_phases, log_roughness, log_time_to, slice_check
from cl_theory.proof.ledger.evidence import Evidence


@dataclass(frozen=True)
class Measure:
    """`factor` times the stored curve `name`; called on an arm it gives the last values, one a seed.

    what, of, unit
        Words for figures: "loss", "of 32 rows", "nats".
    start, floor
        What an untrained model has, and the best there can be.
    """

    name: str
    what: str
    of: str = ""
    unit: str = ""
    factor: float = 1.0
    start: float = np.nan
    floor: float | None = None

    def __call__(self, arm: ArmResults) -> np.ndarray:
        return self.factor * arm.last(self.name)

    def at(self, arm: ArmResults, phases: float) -> np.ndarray:
        """Values after that many phases, which must be one of the points."""
        return self.factor * at_phases(arm, self.name, phases)

    def roughness(self, arm: ArmResults) -> np.ndarray:
        """Log of how much the stored curve jumps from point to point, see `log_roughness`."""
        return log_roughness(arm, self.name)

    def log_time(
        self, arm: ArmResults, level: float | None = None, along: str = "phases", until: float = np.inf
    ) -> np.ndarray:
        """Log of what it takes to fall to `level`, else three quarters of the way, see `log_time_to`."""
        return log_time_to(arm, self.name, (self.goal if level is None else level) / self.factor, along, until)

    @property
    def way(self) -> float:
        """All that can be learned, from `start` to `floor`."""
        return self.start - (self.floor or 0.0)

    @property
    def goal(self) -> float:
        """The level at which three quarters of the way are done."""
        return (self.floor or 0.0) + self.way / 4

    @property
    def label(self) -> str:
        """For an axis along training."""
        return _joined(f"{self.what} {self.of}".rstrip(), self.unit)

    def label_after(self, phases: float) -> str:
        """For an axis of last values."""
        return _joined(f"{self.what} after {phases:,.0f} phases", self.unit)

    @property
    def label_at_the_end(self) -> str:
        """For an axis of last values of runs of several lengths."""
        return _joined(f"final {self.what}", self.unit)


class FinalMeasure(Measure):
    """What is stored of the end of a run only; it has no curve."""

    def __call__(self, arm: ArmResults) -> np.ndarray:
        return self.factor * arm.final(self.name)

    def label_after(self, phases: float) -> str:
        """The end of a run is the same place whatever its length."""
        return self.label


BARS = Measure(
    "nll", "loss", "of 32 rows", "nats", 32, start=32 * 16 * np.log(2), floor=best_negative_log_likelihood(4)
)
"""Exact loss of the 4 x 4 bars and stripes, all rows together."""

TEST_ERROR = Measure("error", "test error")
TEST_LOSS = Measure("test_nll", "test loss", unit="nats an image")
BARS_TV = Measure("tv", "total variation")


def judged(claims: Mapping[str, Evidence], asked: Mapping[str, Iterable[Any]], shorten: str = "") -> dict[str, Outcome]:
    """Decide "claim: criterion" of `claims`, and put it on record.

    asked
        The values of the arms, one a seed; or what is measured of an arm, and then the arms.
    shorten
        What is left out where it begins a name of the result.
    """
    found = {}
    for name, arms in asked.items():
        claim, _, criterion = name.partition(": ")
        found[name.removeprefix(shorten)] = claims[claim].decide(criterion, *_values(*arms))
    return found


def _values(first: Any, *arms: Any) -> Iterable[np.ndarray]:
    return map(first, arms) if callable(first) else (first, *arms)


def run_again(found: Results, claims: Iterable[Evidence], what: str) -> None:
    """Run the slice of an experiment again, see `slice_check`, and put it on record for `claims`; `what` is run."""
    outcome, controls = slice_check(found, scope=f"{found.experiment.name}: {what}, run again")
    for evidence in claims:
        evidence.add(outcome, controls=controls)


def _joined(words: str, unit: str) -> str:
    return f"{words}, {unit}" if unit else words
