"""Time candidates in turns, so that what disturbs the machine disturbs them all, and compare them by ratios.

Work on one thread may be timed by the processor's clock of this process (`CPU`), which stands still while other
programs have the core; work on several threads needs the clock on the wall (`WALL`).
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cl_theory.proof.experiments.definition import PACKAGES, machine

RESULTS = Path(__file__).resolve().parent.parent / "data" / "benchmarks"
ROUNDS = 9
SECONDS = 0.02
CPU, WALL = time.process_time, time.perf_counter
Clock = Callable[[], float]


@dataclass(frozen=True)
class Candidate:
    """One way to do the work: `run()` does `units` units of it (Gibbs steps, draws, likelihoods)."""

    name: str
    run: Callable[[], object]
    units: float = 1.0


def interleaved(
    candidates: Sequence[Candidate], rounds: int = ROUNDS, seconds: float = SECONDS, clock: Clock = WALL
) -> dict[str, np.ndarray]:
    """Nanoseconds a unit, one per round, of each candidate; each is warmed first and run for `seconds` a round."""
    calls = {c.name: _calls(c, seconds) for c in candidates}
    times: dict[str, list[float]] = {c.name: [] for c in candidates}
    for _ in range(rounds):
        for c in candidates:
            times[c.name].append(_seconds(c.run, calls[c.name], clock) * 1e9 / (calls[c.name] * c.units))
    return {name: np.array(values) for name, values in times.items()}


def _seconds(run: Callable[[], object], calls: int, clock: Clock) -> float:
    start = clock()
    for _ in range(calls):
        run()
    return clock() - start


def _calls(candidate: Candidate, seconds: float) -> int:
    candidate.run()  # compiles, fills caches
    once = min(_seconds(candidate.run, 1, WALL) for _ in range(3))
    return max(1, int(seconds / max(once, 1e-7)))


def row(
    work: str, times: Mapping[str, np.ndarray], *, ours: str, floor: np.ndarray | float | None = None
) -> dict[str, Any]:
    """One line of a table: median nanoseconds of each candidate, how many times slower than ours, and the floor.

    `floor` is one number, or one a round where rates were probed in the same rounds.
    """
    line: dict[str, Any] = {"work": work, "ours": ours, "nanoseconds": {}, "ratio": {}}
    for name, values in times.items():
        line["nanoseconds"][name] = _figure(np.median(values))
        if name != ours:
            low, middle, high = np.quantile(values / times[ours], [0.25, 0.5, 0.75])
            line["ratio"][name] = {"median": _figure(middle), "quartiles": [_figure(low), _figure(high)]}
    if floor is not None:
        line["floor"] = _figure(np.median(floor))
        line["over_floor"] = _figure(np.median(times[ours] / floor))
    return line


def _figure(value: float) -> float:
    return float(f"{value:.3g}")


def show(line: Mapping[str, Any]) -> None:
    """Print one line of a table."""
    print(line["work"], flush=True)
    for name, nanoseconds in line["nanoseconds"].items():
        ratio = line["ratio"].get(name)
        beside = (
            ""
            if ratio is None
            else f"  {ratio['median']:>10.3g}x  ({ratio['quartiles'][0]:.3g}-{ratio['quartiles'][1]:.3g})"
        )
        print(f"    {name:<34}{nanoseconds:>14,.4g} ns{beside}")
    if "floor" in line:
        print(f"    {'floor':<34}{line['floor']:>14,.4g} ns  {line['over_floor']:>10.3g} times the floor")


def write(name: str, content: Mapping[str, Any]) -> Path:
    """Write ``data/benchmarks/<name>.json``, replacing it in one step."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path, draft = RESULTS / f"{name}.json", RESULTS / f".{name}.json.new"
    draft.write_text(json.dumps({"machine": machine((*PACKAGES, "torch")), **content}, indent=1) + "\n")
    draft.replace(path)
    return path
