"""Runs a learner: its state and random numbers, curves, checkpoints, and going on where a killed run stopped."""

import csv
import hashlib
import io
import json
import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypedDict, Unpack

import numpy as np

from cl_theory.arguments import positive_integer
from cl_theory.seeds import FIXED_ROOT, stream


class LearningDiverged(ArithmeticError):
    """Parameters left the range in which the model means anything; `iteration` and `value` say when and where."""

    def __init__(self, iteration: int, parameters: np.ndarray, limit: float) -> None:
        size = np.where(np.isnan(parameters), np.inf, np.abs(parameters))
        self.iteration, self.value = iteration, float(parameters.flat[np.argmax(size)])
        super().__init__(
            f"learning diverged at iteration {iteration}: a parameter reached {self.value!r} (limit {limit:g}); "
            f"lower the learning rate"
        )


class Randomness:
    """Generators of one run, by subject and number; the same whether or not the run was stopped in between.

    Each subject has its own Philox key, drawn from the root seed, and each number its own block of 2**192 counters:
    iteration k never sees a random number of iteration k - 1, however many that one used.
    """

    def __init__(self, seed: int, *path: int) -> None:
        self._seed, self._path = seed, path
        self._parts: dict[int, Randomness] = {}
        self._philox: dict[str, np.random.Philox] = {}
        self._kept: dict[str, tuple[int, np.ndarray]] = {}

    def at(self, subject: str, number: int) -> np.random.Generator:
        """Generator of `subject` at `number`; valid until the subject is asked for again."""
        if subject not in self._philox:
            key = stream(self._seed, "training", subject, *self._path).integers(0, 2**64, size=2, dtype=np.uint64)
            self._philox[subject] = np.random.Philox(key=key)
        philox = self._philox[subject]
        # Setting the counter costs 2 us, a new Philox 20.
        state = philox.state
        state["state"]["counter"] = np.array([0, 0, 0, number], dtype=np.uint64)
        state["buffer_pos"], state["has_uint32"] = len(state["buffer"]), 0
        philox.state = state
        return np.random.Generator(philox)

    def of(self, replica: int) -> "Randomness":
        """Random numbers of one replica of the run, its own whatever the others are."""
        return self._parts.setdefault(replica, Randomness(self._seed, *self._path, replica))

    def once(self, subject: str, number: int, draw: Callable[[np.random.Generator], np.ndarray]) -> np.ndarray:
        """What `draw` takes from `subject` at `number`, drawn anew only after another number of that subject."""
        held, drawn = self._kept.get(subject, (None, None))
        if drawn is None or held != number:
            drawn = draw(self.at(subject, number))
            self._kept[subject] = number, drawn
        return drawn


Memory = dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainingState:
    """Everything that the next iteration needs besides the seed: count, parameters, and what is remembered."""

    iteration: int
    parameters: np.ndarray
    memory: Memory


class Learner(ABC):
    """One learning algorithm on one model and one data set; `advance` is a pure function of state and randomness.

    No parameter of a sound run exceeds `parameter_limit` in size. A subclass has `step`, or, where it takes many
    iterations in one compiled call, `run` and a `chunk` of iterations that are worth a call.
    """

    parameter_limit: ClassVar[float]

    @property
    def chunk(self) -> int:
        """Iterations that are taken, and checked, together."""
        return 1

    @abstractmethod
    def start(self, randomness: Randomness) -> TrainingState:
        """State before the first iteration."""

    def step(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        """State after one more iteration, however large its parameters."""
        return self.run(state, 1, randomness)

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        """State after `n` more iterations, however large its parameters."""
        for _ in range(n):
            state = self.step(state, randomness)
        return state

    def advance(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        """State after `n` more iterations, the same however they are divided; LearningDiverged if it blows up."""
        for done in range(0, n, self.chunk):
            state = self._checked(state, min(self.chunk, n - done), randomness)
        return state

    def _checked(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        """State after `n` more iterations. Where they end out of range they are halved to find the one at fault."""
        after = self.run(state, n, randomness)
        # NaN compares false. Two passes without room for sizes take a third of the time of one with.
        if -self.parameter_limit <= after.parameters.min() and after.parameters.max() <= self.parameter_limit:
            return after
        if n == 1:
            raise LearningDiverged(after.iteration, after.parameters, self.parameter_limit)
        half = self._checked(state, n // 2, randomness)
        return self._checked(half, n - n // 2, randomness)

    @abstractmethod
    def iterations(self, n_phases: int) -> int:
        """How many iterations run `n_phases` phases (of each chain)."""

    @abstractmethod
    def cost(self, iteration: int) -> tuple[float, float]:
        """(phases, time steps of the network) run up to `iteration`, of each chain."""

    @abstractmethod
    def model(self, parameters: np.ndarray) -> Any:
        """The model with these parameters."""

    @abstractmethod
    def describe(self) -> Mapping[str, Any]:
        """What identifies the run, ready for JSON: a checkpoint goes on only with the same."""


def inside(memory: Memory, room: str) -> Memory:
    """Entries of `memory` named ``room.x``, as ``x``."""
    return {name.removeprefix(f"{room}."): value for name, value in memory.items() if name.startswith(f"{room}.")}


def under(room: str, entries: Mapping[str, np.ndarray]) -> Memory:
    """The reverse of `inside`."""
    return {f"{room}.{name}": value for name, value in entries.items()}


MAGIC = b"cl-theory checkpoint\n"
FORMAT = 1
LONGEST_HEADER = 1 << 20


class CheckpointError(ValueError):
    """A checkpoint that is damaged, of another format, or of another run; the text names file and remedy."""


def write_checkpoint(path: str | Path, arrays: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> None:
    """Replace `path` in one step by `arrays` and a JSON `header`; a kill leaves the old file or the new one.

    Layout: a magic line, one JSON line with the format version, the length and SHA-256 of what follows and
    `header`, then an npz archive. The former file is kept beside it as ``<name>.previous``.
    """
    path = Path(path)
    payload = _packed(arrays)
    facts = {"format": FORMAT, "length": len(payload), "sha256": _digest(payload, header), "header": dict(header)}
    content = MAGIC + json.dumps(facts, sort_keys=True).encode() + b"\n" + payload
    if path.exists():
        _link_over(path, previous(path))
    write_atomically(path, content)


def read_checkpoint(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """(arrays, header) of a checkpoint; CheckpointError if a single byte is not as it was written."""
    path = Path(path)
    with path.open("rb") as file:
        if file.readline(len(MAGIC)) != MAGIC:
            raise _refused(path, "it does not start as a checkpoint does")
        facts = _facts(path, file.readline(LONGEST_HEADER))
        payload = file.read()
    if facts["format"] != FORMAT:
        raise CheckpointError(f"{path} has format {facts['format']!r}, this version reads {FORMAT}; start afresh")
    if len(payload) != facts["length"]:
        raise _refused(path, f"it should go on for {facts['length']} bytes, got {len(payload)}")
    if _digest(payload, facts["header"]) != facts["sha256"]:
        raise _refused(path, "its checksum does not fit")
    return _unpacked(path, payload), facts["header"]


def previous(path: str | Path) -> Path:
    """Where the checkpoint before the last one is kept."""
    return Path(path).with_name(Path(path).name + ".previous")


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside `path`, force to disk, then rename over it: no reader ever sees half a file."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    _force_folder(path.parent)


def _link_over(path: Path, target: Path) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    beside.unlink(missing_ok=True)
    os.link(path, beside)
    os.replace(beside, target)


def _force_folder(folder: Path) -> None:
    """A rename is safe from a power cut only once its folder is on disk."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    if any(np.asarray(array).dtype.hasobject for array in arrays.values()):
        raise TypeError("a checkpoint holds plain numeric arrays only, got one of Python objects")
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()


def _unpacked(path: Path, payload: bytes) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise _refused(path, str(error)) from error


def _facts(path: Path, line: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(line)
        return {name: facts[name] for name in ("format", "length", "sha256", "header")}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refused(path, "its header cannot be read") from error


def _digest(payload: bytes, header: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + b"\n" + payload).hexdigest()


def _refused(path: Path, reason: str) -> CheckpointError:
    remedy = f"delete it to start afresh, or put {previous(path).name} in its place to go on from there"
    return CheckpointError(f"{path} is damaged ({reason}); {remedy}")


Measure = Callable[[Any], float | np.ndarray]
Measures = Mapping[str, Measure]
AXES = ("iteration", "phases", "steps")


class Curves:
    """One record a row: where the run stood, and what each measure said (one number, or one a replica)."""

    def __init__(self, names: tuple[str, ...], places: Any = (), values: Any = ()) -> None:
        self.names = names
        self._places, self._values = [tuple(place) for place in places], list(values)

    def record(self, place: tuple[float, float, float], values: Mapping[str, float | np.ndarray]) -> None:
        """Add a record: (iteration, phases, steps), then the measures."""
        self._places.append(place)
        self._values.append(np.array([np.asarray(values[name], dtype=np.float64) for name in self.names]))

    @property
    def places(self) -> np.ndarray:
        """Iteration, phases and steps of each record, float64 (n_records, 3)."""
        return np.array(self._places, dtype=np.float64).reshape(-1, len(AXES))

    @property
    def values(self) -> np.ndarray:
        """All measures, float64 (n_records, n_measures) or (n_records, n_measures, n_replicas)."""
        return np.array(self._values, dtype=np.float64) if self._values else np.empty((0, len(self.names)))

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, name: str) -> np.ndarray:
        """One column, by the name of an axis or of a measure: (n_records,) or (n_records, n_replicas)."""
        if name in AXES:
            return self.places[:, AXES.index(name)]
        if name in self.names:
            return self.values[:, self.names.index(name)]
        raise KeyError(f"no curve is named {name!r}; there are {', '.join((*AXES, *self.names))}")

    def csv(self) -> str:
        """All records as text, values to the last digit; one column a replica where there are several."""
        text, values = io.StringIO(), self.values
        heads = self.names if values.ndim == 2 else [f"{n} {r}" for n in self.names for r in range(values.shape[2])]
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow((*AXES, *heads))
        table = np.concatenate([self.places, values.reshape(len(values), -1)], axis=1)
        writer.writerows([repr(float(value)) for value in row] for row in table)
        return text.getvalue()


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


def run_learner(
    learner: Learner, n_phases: int, usual: Callable[[], Measures] = dict, **options: Unpack[Running]
) -> TrainingRun:
    """Run `learner` for `n_phases` of each chain, by default with the `usual` measures.

    The result does not depend on how often the run was stopped in between. LearningDiverged stops it with its last
    checkpoint kept; CheckpointError if the folder's checkpoint is damaged or belongs to another run; ValueError if the
    folder holds one that was not to be resumed.
    """
    unknown = options.keys() - Running.__annotations__.keys()
    if unknown:
        raise TypeError(f"unknown option {', '.join(sorted(unknown))}; there are {', '.join(Running.__annotations__)}")
    total = learner.iterations(positive_integer(n_phases, "n_phases"))
    every = _interval(options.get("record_every"), "record_every", total // 50)
    save = _interval(options.get("checkpoint_every"), "checkpoint_every", total // 20)
    measures, seed, report = options.get("measures"), options.get("seed", FIXED_ROOT), options.get("report")
    measures = usual() if measures is None else measures
    folder = options.get("folder")
    header = {**learner.describe(), "seed": seed, "measures": list(measures)}
    kept = None if folder is None else _found(Path(folder), header, resume=options.get("resume", False))
    randomness = Randomness(seed)
    state, curves = kept or (learner.start(randomness), Curves(tuple(measures)))
    if state.iteration == 0 and not len(curves):
        _record(learner, curves, measures, state)
    while state.iteration < total:
        due = [every - state.iteration % every, total - state.iteration, learner.chunk]
        n = min([*due, save - state.iteration % save] if folder else due)
        try:
            state = learner.advance(state, n, randomness)
        except LearningDiverged as error:
            if folder and (Path(folder) / CHECKPOINT).exists():
                error.args = (f"{error}; the last checkpoint is kept in {folder}",)
            raise
        at_end = state.iteration == total
        if state.iteration % every == 0 or at_end:
            _record(learner, curves, measures, state)
        if folder and (state.iteration % save == 0 or at_end):
            arrays = {"iteration": np.asarray(state.iteration), "parameters": state.parameters}
            arrays |= {"places": curves.places, "values": curves.values} | under("memory", state.memory)
            write_checkpoint(Path(folder) / CHECKPOINT, arrays, header)
        if report:
            report(state.iteration, total)
    return TrainingRun(learner.model(state.parameters), curves, state)


def _interval(asked: int | None, name: str, usual: int) -> int:
    return max(1, usual) if asked is None else positive_integer(asked, name)


def _found(folder: Path, header: Mapping[str, Any], *, resume: bool) -> tuple[TrainingState, Curves] | None:
    """Where the run of this `header` that the folder holds stands; None if it holds none."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CHECKPOINT
    path = path if path.exists() else previous(path)  # a kill between two renames leaves only the previous one
    if not path.exists():
        return None
    if not resume:
        raise ValueError(f"{folder} already holds a run; resume it, or choose another folder")
    arrays, told = read_checkpoint(path)
    for name, value in header.items():
        if told.get(name) != value:
            raise CheckpointError(
                f"{path} belongs to another run: its {name} is {told.get(name)!r}, asked for {value!r}; "
                f"resume with the former, or choose another folder"
            )
    state = TrainingState(int(arrays["iteration"]), arrays["parameters"], inside(arrays, "memory"))
    return state, Curves(tuple(header["measures"]), arrays["places"], arrays["values"])


def _record(learner: Learner, curves: Curves, measures: Measures, state: TrainingState) -> None:
    place = (state.iteration, *learner.cost(state.iteration))
    model = learner.model(state.parameters)
    curves.record(place, {name: measure(model) for name, measure in measures.items()})


def identity(learner: object, network: str, start_and_data: tuple[np.ndarray, ...], **parts: Any) -> Mapping[str, Any]:
    """What identifies a run, ready for JSON: `parts` as they are, arrays by their digests."""
    start, *data = map(digest, start_and_data)
    return {"learner": type(learner).__name__, "network": network, "start": start, "data": "".join(data), **parts}


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's bytes, by which a run knows its data again."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
