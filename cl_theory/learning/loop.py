"""Runs a learner: records curves, writes checkpoints, goes on where a killed run stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.learning.checkpoints import CheckpointError, previous, read_checkpoint, write_checkpoint
from cl_theory.learning.curves import Curves, Measures
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.state import Learner, TrainingState, inside, under
from cl_theory.seeds import FIXED_ROOT

CHECKPOINT = "run.checkpoint"
Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A finished run: the learned model, its curves, and the state from which it could go on."""

    model: Any
    curves: Curves
    state: TrainingState


class Running(TypedDict, total=False):
    """Options that every kind of training takes, by keyword.

    `seed` is the root of every random number of the run. `measures` are functions of the model to record, every
    `record_every` iterations. With a `folder` checkpoints are kept there, every `checkpoint_every` iterations, and
    `resume` goes on from the one that is there. `report(done, total)` is called as the run goes on.
    """

    seed: int
    measures: Measures | None
    record_every: int | None
    folder: str | Path | None
    checkpoint_every: int | None
    resume: bool
    report: Report | None


@dataclass(frozen=True)
class Plan:
    """How long to run, what to write down and where; `seed` is the root of every random number of the run.

    `record_every` and `checkpoint_every` count iterations. Without a `folder` nothing is written. `resume` goes on
    from the folder's checkpoint if there is one; without it a folder that holds one is refused.
    """

    n_phases: int
    seed: int
    record_every: int | None = None
    folder: Path | None = None
    checkpoint_every: int | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        positive_integer(self.n_phases, "n_phases")
        for name in ("record_every", "checkpoint_every"):
            if getattr(self, name) is not None:
                positive_integer(getattr(self, name), name)


def run_for(n_phases: int, learner: Learner, usual: Callable[[], Measures], options: Running) -> TrainingRun:
    """Run `learner` for `n_phases` with the options given, and the `usual` measures where none are named."""
    given: dict[str, Any] = dict(options)
    unknown = given.keys() - Running.__annotations__.keys()
    if unknown:
        raise TypeError(f"unknown option {', '.join(sorted(unknown))}; there are {', '.join(Running.__annotations__)}")
    report, measures, folder = (given.pop(name, None) for name in ("report", "measures", "folder"))
    where = None if folder is None else Path(folder)
    plan = Plan(n_phases, folder=where, **{"seed": FIXED_ROOT, **given})
    return run_learner(learner, plan, usual() if measures is None else measures, report)


def run_learner(learner: Learner, plan: Plan, measures: Measures, report: Report | None = None) -> TrainingRun:
    """Run `learner` as `plan` says; the result does not depend on how often the run was stopped in between.

    `report(done, total)` is called after every chunk of iterations. LearningDiverged stops the run with its last
    checkpoint kept; CheckpointError if the folder's checkpoint is damaged or belongs to another run.
    """
    total = learner.iterations(plan.n_phases)
    randomness = Randomness(plan.seed)
    state, curves = _begun(learner, plan, measures, randomness)
    if state.iteration == 0 and not len(curves):
        _record(learner, curves, measures, state)
    every, save = plan.record_every or max(1, total // 50), plan.checkpoint_every or max(1, total // 20)
    while state.iteration < total:
        due = [every - state.iteration % every, total - state.iteration, learner.chunk]
        state = learner.advance(state, min([*due, save - state.iteration % save] if plan.folder else due), randomness)
        at_end = state.iteration == total
        if state.iteration % every == 0 or at_end:
            _record(learner, curves, measures, state)
        if plan.folder and (state.iteration % save == 0 or at_end):
            _save(plan.folder, learner, plan, curves, state)
        if report:
            report(state.iteration, total)
    return TrainingRun(learner.model(state.parameters), curves, state)


def _begun(learner: Learner, plan: Plan, measures: Measures, randomness: Randomness) -> tuple[TrainingState, Curves]:
    names = tuple(measures)
    if plan.folder is None:
        return learner.start(randomness), Curves(names)
    plan.folder.mkdir(parents=True, exist_ok=True)
    path = plan.folder / CHECKPOINT
    found = path if path.exists() else previous(path)  # a kill between two renames leaves only the previous one
    if not found.exists():
        return learner.start(randomness), Curves(names)
    if not plan.resume:
        raise ValueError(f"{plan.folder} already holds a run; resume it, or choose another folder")
    return _loaded(found, learner, plan, names)


def _loaded(path: Path, learner: Learner, plan: Plan, names: tuple[str, ...]) -> tuple[TrainingState, Curves]:
    arrays, header = read_checkpoint(path)
    expected = _identity(learner, plan, names)
    for name, value in expected.items():
        if header.get(name) != value:
            raise CheckpointError(
                f"{path} belongs to another run: its {name} is {header.get(name)!r}, asked for {value!r}; "
                f"resume with the former, or choose another folder"
            )
    state = TrainingState(int(arrays["iteration"]), arrays["parameters"], inside(arrays, "memory"))
    return state, Curves(names, arrays["places"], arrays["values"])


def _identity(learner: Learner, plan: Plan, names: tuple[str, ...]) -> dict[str, Any]:
    return {**learner.describe(), "seed": plan.seed, "measures": list(names)}


def _save(folder: Path, learner: Learner, plan: Plan, curves: Curves, state: TrainingState) -> None:
    arrays = {"iteration": np.asarray(state.iteration), "parameters": state.parameters}
    arrays |= {"places": curves.places, "values": curves.values} | under("memory", state.memory)
    write_checkpoint(folder / CHECKPOINT, arrays, _identity(learner, plan, curves.names))


def _record(learner: Learner, curves: Curves, measures: Measures, state: TrainingState) -> None:
    place = (state.iteration, *learner.cost(state.iteration))
    model = learner.model(state.parameters)
    curves.record(place, {name: measure(model) for name, measure in measures.items()})
