"""One Monte Carlo check of a mean with all its controls: pilot, plan, three stages, and each error planted in turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from cl_theory.learning.models.moments import Moments, chunk_sizes
from cl_theory.learning.models.planted import NOTHING_PLANTED, PLANTED_ERRORS
from cl_theory.proof.checks.monte_carlo import mean_agrees
from cl_theory.proof.checks.normality import Whitening
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.plans import MeanPlan, plan_mean
from cl_theory.seeds import FIXED_ROOT, stream

PILOT = 2**15
"""Draws, from a fixed seed, that say how much a statistic scatters; they enter the plan and nothing else."""
MOST = 2**21
"""A term for which a system would need more draws than this is left to another system."""
LEFT_OUT = ": left out"
"""A term left out altogether is tried where one per cent of it would take too many draws."""
COIN_ONLY = "coin off by 1 %"
ERRORS = {name: planted for name, planted in PLANTED_ERRORS.items() if name != COIN_ONLY}
"""Without the coin's own error: its information is that of the tosses alone, so the duty cycle has to catch it."""


@dataclass(frozen=True, eq=False)
class PlannedMean:
    """A statistic vector Y in R^k that is to have an exact mean, and the errors that must not go unseen.

    draw(rng, size)
        Everything random, for `size` independent draws.
    rows(drawn, planted)
        The statistic of each draw, (size, k), by the estimators' code with an error planted in it.
    target(planted)
        Its exact mean, (k,): what the planted errors have to show is a difference of exact values.
    errors
        The planted errors by name.
    scale
        What errors are relative to, (k,); |target| unless given.
    pilot, most
        Draws of the pilot, and of the first stage at most; fewer where a draw is dear.
    least
        Draws of the first stage at least, where a smaller error than the planted ones is to be seen.

    How much Y scatters comes from a pilot, as fourth moments of sums over phases have no short form. The check goes
    by the covariance of its own sample, and is inconclusive if the pilot was too hopeful.
    """

    draw: Callable[[np.random.Generator, int], Any]
    rows: Callable[[Any, Any], np.ndarray]
    target: Callable[[Any], np.ndarray]
    errors: Mapping[str, Any] = field(default_factory=lambda: ERRORS)
    scale: Any = None
    pilot: int = PILOT
    most: int = MOST
    least: int = 0

    def moments(self, rng: np.random.Generator, n: int, *variants: Any) -> list[Moments]:
        """Moments of n draws, one for each planted variant: all of them on the same draws."""
        parts: list[list[Moments]] = [[] for _ in variants]
        for size in chunk_sizes(n):
            drawn = self.draw(rng, size)
            for part, planted in zip(parts, variants, strict=True):
                part.append(Moments.of(self.rows(drawn, planted)))
        return [Moments.merged(part) for part in parts]

    @cached_property
    def goal(self) -> np.ndarray:
        """The exact mean when nothing is planted."""
        return self.target(NOTHING_PLANTED)

    def check(self, root: int, *path: str, scope: str) -> tuple[Outcome, dict[str, Outcome]]:
        """The check in three stages, and the same check for each planted error: its controls."""
        outcome, controls, _ = self.checked_against(self.goal, {}, root, *path, scope=scope)
        return outcome, controls

    def checked_against(
        self, goal: np.ndarray, wrong_goals: Mapping[str, np.ndarray], root: int, *path: str, scope: str
    ) -> tuple[Outcome, dict[str, Outcome], tuple[str, ...]]:
        """Whether the mean is `goal`; controls: errors planted in the code, and `wrong_goals` held up to the draws.

        Also returns the wrong goals that would take more than `most` draws to tell from the right one; they are not
        tried. Each stage has its own stream. Check and controls look at the same draws, so that the planted error is
        all that differs between them.
        """
        plan, hidden = self._plan(goal, wrong_goals, path)
        stages: dict[int, dict[str, Moments]] = {}

        def sample(rng: np.random.Generator, n: int, name: str) -> Moments:
            if n not in stages:
                drawn = self.moments(stream(root, *path, n), n, NOTHING_PLANTED, *self.errors.values())
                stages[n] = dict(zip(("", *self.errors), drawn, strict=True))
            return stages[n][name]

        def run(name: str, target: np.ndarray, label: str) -> Outcome:
            return mean_agrees(stream(root, *path), partial(sample, name=name), target, plan=plan, scope=label)

        controls = {name: run(name, goal, name) for name in self.errors}
        controls |= {name: run("", wrong, name) for name, wrong in wrong_goals.items() if name not in hidden}
        return run("", goal, scope), controls, hidden

    def _plan(
        self, goal: np.ndarray, wrong_goals: Mapping[str, np.ndarray], path: tuple[str, ...]
    ) -> tuple[MeanPlan, tuple[str, ...]]:
        # Draws that show each planted error, from exact shifts and the pilot at this place in the book.
        pilots = self.moments(stream(FIXED_ROOT, *path, "pilot"), self.pilot, NOTHING_PLANTED, *self.errors.values())
        skewness = np.max([np.abs(pilot.skewness) for pilot in pilots], axis=0)  # the controls need normal means too
        scale = np.abs(goal) if self.scale is None else self.scale
        planned = partial(plan_mean, covariance=pilots[0].covariance, scale=scale, skewness=skewness, least=self.least)
        shifts = {name: self.target(planted) - self.goal for name, planted in self.errors.items()}
        moved = {name: wrong - goal for name, wrong in wrong_goals.items()}
        whitening = Whitening.of(pilots[0].covariance, np.broadcast_to(np.asarray(scale, dtype=float), goal.shape))

        def is_hidden(name: str) -> bool:
            hopeless = whitening.squared(moved[name]) * self.most < 1.0  # a plan needs a hundred times as much
            return hopeless or planned({name: moved[name]}).n > self.most

        hidden = tuple(name for name in moved if is_hidden(name))
        small = {name.rpartition(": ")[0] for name in moved if name not in hidden and not name.endswith(LEFT_OUT)}
        hidden += tuple(
            n for n in moved if n.endswith(LEFT_OUT) and n.removesuffix(LEFT_OUT) in small and n not in hidden
        )
        shown = {name: shift for name, shift in moved.items() if name not in hidden}
        return planned({**shifts, **shown}), hidden
