"""A measure of stored runs as a chapter reads it: its unit, its words, and what criteria are decided from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cl_theory.learning.models.images import best_negative_log_likelihood
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.sequential import Question
from cl_theory.proof.experiments.definition import ExperimentError
from cl_theory.proof.experiments.registered.second import STAGED, require_as_stated
from cl_theory.proof.experiments.results import (
    ArmResults,
    Results,
    at_phases,
    log_roughness,
    log_time_to,
    rank_correlations,
    results,
    results_folder,
    slice_check,
)
from cl_theory.proof.experiments.retraced import isd_variance, moments_along
from cl_theory.proof.experiments.store import archive_path
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.proof.ledger.registry import all_claims


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


Arms = Sequence[ArmResults]
LATE = 0.9
"""Losses and errors are averaged from this share of a run to its end."""


def late(measure: Measure, arm: ArmResults) -> np.ndarray:
    """`measure` averaged over the last tenth of the run, one value a seed; NaN where a run diverged."""
    phases, values = arm.curve(measure.name)
    return measure.factor * values[:, phases >= LATE * phases[-1]].mean(axis=1)


def log_jump(measure: Measure, arm: ArmResults) -> np.ndarray:
    """Log of the median jump from point to point over the second half of a run, one value a seed.

    Single excursions, which decide the root mean square of `log_roughness`, leave it as it is. Of three runs on
    binarised MNIST that one's logarithms spread by 1.2, these by 0.13.
    """
    phases, values = arm.curve(measure.name)
    return np.log(np.median(np.abs(np.diff(values[:, phases >= phases[-1] / 2], axis=1)), axis=1))


def _time(measure: Measure, level: float | None = None) -> Callable[[ArmResults], np.ndarray]:
    return lambda arm: measure.log_time(arm, level)


def _variances(arms: Arms) -> np.ndarray:
    """tr Cov Z of each arm "b = ..." at the end of its runs, (n_arms, n_seeds)."""
    return np.array([isd_variance(moments_along(a)[1][:, :, -1], float(a.name.removeprefix("b = "))) for a in arms])


def _correlation(measure: Measure, arms: Arms) -> np.ndarray:
    return rank_correlations(_variances(arms), np.array([late(measure, arm) for arm in arms]))


def _regret(measure: Measure, arms: Arms) -> np.ndarray:
    """What the arm of a seed's least variance has more than the one that was best in the first design, the first."""
    values = np.array([late(measure, arm) for arm in arms])
    return values[_variances(arms).argmin(axis=0), np.arange(values.shape[1])] - values[0]


OF_AN_ARM: Mapping[str, Callable[[ArmResults], np.ndarray]] = {
    "late loss": lambda arm: late(BARS, arm),
    "lost": lambda arm: 1.0 - (late(BARS, arm) <= BARS.start - BARS.way / 2),
    "log jump of the loss": lambda arm: log_jump(BARS, arm),
    "log phases to three quarters": _time(BARS),
    "late error": lambda arm: late(TEST_ERROR, arm),
    "log late error": lambda arm: np.log(late(TEST_ERROR, arm)),
    "log jump of the error": lambda arm: log_jump(TEST_ERROR, arm),
    "log phases to one half": _time(TEST_ERROR, 0.5),
    "log phases to three tenths": _time(TEST_ERROR, 0.3),
}
"""Of one arm; of several the mean over the first half of them, less that over the rest, is the value."""
OF_ALL_ARMS: Mapping[str, Callable[[Arms], np.ndarray]] = {
    "rank correlation, loss": lambda arms: _correlation(BARS, arms),
    "rank correlation, error": lambda arms: _correlation(TEST_ERROR, arms),
    "regret, loss": lambda arms: _regret(BARS, arms),
    "regret, error": lambda arms: _regret(TEST_ERROR, arms),
}


def measured(question: Question, found: Results) -> np.ndarray:
    """What `question` compares, one value a seed of `found`; ExperimentError that lists the measures there are."""
    arms = [found[name] for name in question.arms]
    if question.measure in OF_ALL_ARMS:
        return OF_ALL_ARMS[question.measure](arms)
    if question.measure not in OF_AN_ARM:
        known = ", ".join([*OF_AN_ARM, *OF_ALL_ARMS])
        raise ExperimentError(f"{question.name}: measure must be one of {known}, got {question.measure!r}")
    values = [OF_AN_ARM[question.measure](arm) for arm in arms]
    half = (len(values) + 1) // 2
    first, rest = np.mean(values[:half], axis=0), np.mean(values[half:], axis=0) if values[half:] else 0.0
    return first - rest


def values_of(claim: str, question: Question, folder: Path | None = None) -> tuple[np.ndarray, bool]:
    """(one value a seed of the stages that are stored, whether no look is left or it is answered), look by look.

    ExperimentError where the question, or the definition of a stage, is not as it was stated.
    """
    require_as_stated(f"{claim}: {question.name}", plain_question(question))
    folder, values = folder or results_folder(), np.empty(0)
    for stage in STAGED[question.experiment].stages:
        require_as_stated(stage.name, stage.definition)
        if not archive_path(folder, stage.name).exists():
            return values, False
        values = np.concatenate([values, measured(question, results(stage.name, folder))])
        if len(question.answers(question.interval(values))) == 1:
            return values, True
    return values, True


def stages_needed(folder: Path) -> list[str]:
    """Names of the stages that are stored, and of the next one of each experiment with a question left open."""
    found = []
    asked = [(entry.id, question) for entry in all_claims().values() for question in entry.again]
    for name, staged in STAGED.items():
        stored = [stage.name for stage in staged.stages if archive_path(folder, stage.name).exists()]
        is_open = any(not values_of(claim, q, folder)[1] for claim, q in asked if q.experiment == name)
        found += [*stored, *(stage.name for stage in staged.stages[len(stored) :][:is_open])]
    return found


def plain_question(question: Question) -> dict[str, Any]:
    """A question as plain JSON, without what is for plans only."""
    return {name: value for name, value in asdict(question).items() if name != "seen"}


def asked_again(claims: Mapping[str, Evidence]) -> dict[str, Outcome]:
    """Put on record what the stored stages answer to the questions of `claims`, as "claim: question".

    A question that more seeds may answer is left out. The slices of the stages that answered are run again.
    """
    found = {}
    for name, evidence in claims.items():
        used: dict[str, int] = {}
        for question in evidence.claim.again:
            values, over = values_of(evidence.claim.id, question)
            if over:
                found[f"{name}: {question.name}"] = evidence.answered(question.name, values)
                used[question.experiment] = max(len(values), used.get(question.experiment, 0))
        for experiment, seeds in used.items():
            for look, stage in zip(STAGED[experiment].looks, STAGED[experiment].stages, strict=True):
                if look <= seeds:
                    run_again(results(stage.name), [evidence], "first seeds and phases")
    return found


def _joined(words: str, unit: str) -> str:
    return f"{words}, {unit}" if unit else words
