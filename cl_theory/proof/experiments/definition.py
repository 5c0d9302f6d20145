"""What an experiment is: its cells, who computes each, and which code a result came from.

Definitions are frozen Python that is written as JSON and never read from it: there is nothing for a converter to do.
The digest of code is our own, so that comments, docstrings and layout make no stored result stale.
"""

import ast
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import util
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pooch

PACKAGE = "cl_theory"
ROOT = Path(__file__).resolve().parents[2]
"""The folder of the package."""


@cache
def code_digest(module: str) -> str:
    """SHA-256 over the parsed source of `module` and of everything it imports from the package, directly or not."""
    total = hashlib.sha256()
    for name in sorted(imported(module)):
        total.update(f"{name}\0{dumped(_without_docstrings(_tree(name)))}\0".encode())
    return total.hexdigest()


def imported(module: str) -> set[str]:
    """`module` and the modules of the package that it imports, directly or not."""
    found, queue = {module}, [module]
    while queue:
        for name in _imports(queue.pop()):
            if name not in found:
                found.add(name)
                queue.append(name)
    return found


def dumped(tree: ast.AST) -> str:
    """`tree` as text that does not depend on the version of Python, as far as that reads the same code alike."""
    every_list: dict[str, Any] = {"show_empty": True} if sys.version_info >= (3, 13) else {}
    return ast.dump(tree, **every_list).replace(", type_params=[]", "")


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(f"{PACKAGE}."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if _is_module(inner) else str(node.module)


@cache
def _is_module(name: str) -> bool:
    return _source(name) is not None


def _source(name: str) -> Path | None:
    """The file of a module, found without importing anything of the package."""
    if name.split(".")[0] == PACKAGE:
        place = ROOT.joinpath(*name.split(".")[1:])
        files = (place / "__init__.py", place.with_suffix(".py"))
        return next((file for file in files if file.is_file()), None)
    try:
        spec = util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


@cache
def _tree(module: str) -> ast.Module:
    path = _source(module)
    if path is None:
        raise ValueError(f"there is no module {module!r} whose code could be told")
    return ast.parse(path.read_text("utf-8"))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not body:
            continue
        first = body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = body[1:]
    return tree


PACKAGES = ("numpy", "numba", "scipy", "scikit-learn")


def machine(packages: tuple[str, ...] = PACKAGES) -> dict[str, Any]:
    """What numbers were made on: processor, cores, system, versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in packages if (found := _version(name))},
    }


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def commit(folder: Path) -> str:
    """The commit of the checkout at `folder`, with "+" where files differ from it; "unknown" outside one."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", "cl_theory")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(folder: Path, *words: str) -> str:
    # Looking at a checkout must not lock its index against whoever commits there.
    call = ["git", "--no-optional-locks", *words]
    return subprocess.run(call, cwd=folder, capture_output=True, check=True, text=True).stdout.strip()


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    if "model name" not in fields:
        return platform.processor() or platform.machine()
    family = ", ".join(f"{key.removeprefix('cpu ')} {fields[key]}" for key in ("cpu family", "model") if key in fields)
    return f"{fields['model name']} ({family})"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # Torch may be missing where speeds are measured
        return None


def kernel_cache() -> Path:
    """Folder in the user's cache for what is compiled from the package as it lies on the disk."""
    return Path(pooch.os_cache("cl-theory")) / "kernels" / kernels_key(sorted(ROOT.rglob("*.py")))[:16]


def kernels_key(sources: Iterable[Path]) -> str:
    """SHA-256 over those `sources` that have something to compile."""
    total = hashlib.sha256()
    for path in sources:
        content = path.read_bytes()
        if b"numba" in content:
            total.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


class ExperimentError(ValueError):
    """Bad input to an experiment, or stored results that cannot be used: the message names the value and the remedy."""


Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Seeds:
    """The seeds `first`, `first` + 1, ... of `count` replicas."""

    first: int
    count: int

    def __iter__(self):
        return iter(range(self.first, self.first + self.count))

    def __len__(self) -> int:
        return self.count


@dataclass(frozen=True)
class Cell:
    """One piece of work: an arm of an experiment on a few seeds, up to the last of `points` phases.

    `kind` names who does it, see `RUNNERS`; `settings` are plain JSON.
    """

    experiment: str
    arm: str
    kind: str
    settings: Settings
    points: tuple[int, ...]
    seeds: Seeds

    @property
    def identity(self) -> dict[str, Any]:
        """What the result follows from, besides the code."""
        return {
            "kind": self.kind,
            "settings": dict(self.settings),
            "points": list(self.points),
            "seeds": [self.seeds.first, self.seeds.count],
        }

    @property
    def label(self) -> str:
        """A name for people."""
        return f"{self.experiment}: {self.arm}, seeds {self.seeds.first} to {self.seeds.first + self.seeds.count - 1}"


@dataclass(frozen=True)
class Slice:
    """The part that is run again on every build: the first `seeds` of `arms`, up to phase `until`."""

    arms: tuple[str, ...]
    seeds: int = 2
    until: int = 200


@dataclass(frozen=True)
class Experiment:
    """A named, frozen definition; plain JSON throughout.

    name, title, question
        For the command line, and for people: what is to be found out.
    kind
        Which learners run it: "rbm", "forward-forward", "boltzmann".
    settings
        Shared by all arms: model, data, estimator, chain, rate, measures.
    arms
        By name, what each arm has of its own; "kind" and "until" (its last point) may be among it.
    points
        Phases after which everything is measured, ascending from 0.
    seeds, seeds_per_cell
        Replicas of each arm, and how many of them run in lock-step as one cell.
    again
        The slice that every build runs again.
    chapter
        Where it is read.
    """

    name: str
    title: str
    question: str
    kind: str
    settings: Settings
    arms: Mapping[str, Settings]
    points: tuple[int, ...]
    seeds: Seeds
    seeds_per_cell: int
    again: Slice
    chapter: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.points[0] != 0 or list(self.points) != sorted(set(self.points)):
            raise ValueError(f"{self.name}: points must ascend from 0, got {self.points}")
        unknown = set(self.again.arms) - set(self.arms)
        if unknown or self.again.until not in self.points:
            raise ValueError(f"{self.name}: the slice must name arms and a point of the experiment, got {self.again}")

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, arm by arm."""
        return tuple(self.cell(arm, seeds) for arm in self.arms for seeds in _blocks(self.seeds, self.seeds_per_cell))

    def cell(self, arm: str, seeds: Seeds, until: int | None = None) -> Cell:
        """The cell of an arm on some seeds, to the end or up to phase `until`; ExperimentError without such an arm."""
        if arm not in self.arms:
            raise ExperimentError(f"{self.name} has no arm {arm!r}; there are {', '.join(self.arms)}")
        own = {**self.settings, **self.arms[arm]}
        kind, last = own.pop("kind", self.kind), min(own.pop("until", self.points[-1]), until or self.points[-1])
        return Cell(self.name, arm, kind, own, tuple(point for point in self.points if point <= last), seeds)

    @property
    def definition(self) -> dict[str, Any]:
        """What the results follow from, as plain JSON: neither words for people nor the cut into cells."""
        return {
            "kind": self.kind,
            "settings": dict(self.settings),
            "arms": {name: dict(own) for name, own in self.arms.items()},
            "points": list(self.points),
            "seeds": [self.seeds.first, self.seeds.count],
        }


def canonical(content: Any) -> str:
    """`content` as JSON text that is the same for the same content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(content: Any) -> str:
    """SHA-256 of plain JSON."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _blocks(seeds: Seeds, size: int) -> list[Seeds]:
    last = seeds.first + seeds.count
    return [Seeds(first, min(size, last - first)) for first in range(seeds.first, last, size)]


RUNNERS: Mapping[str, str] = {
    "rbm": "cl_theory.proof.experiments.rbm_runs:run",
    "centred-always-on": "cl_theory.proof.experiments.rbm_runs:run",
    "boltzmann": "cl_theory.proof.experiments.rbm_runs:run_machines",
    "forward-forward": "cl_theory.proof.experiments.forward_forward_runs:run",
    "scripts": "cl_theory.proof.experiments.script_runs:run",
    "mean-flow": "cl_theory.proof.experiments.always_on_runs:run_mean_flow",
    "shared-always-on": "cl_theory.proof.experiments.always_on_runs:run",
}


def runner_of(kind: str) -> str:
    """What runs cells of this kind, as "module:function"; ExperimentError that lists the kinds there are."""
    if kind not in RUNNERS:
        raise ExperimentError(f"kind must be one of {', '.join(RUNNERS)}, got {kind!r}")
    return RUNNERS[kind]


def code_of(kind: str) -> str:
    """Digest of the code that cells of this kind come from."""
    return code_digest(runner_of(kind).partition(":")[0])


def key_of(cell: Cell) -> str:
    """What a stored result is found by: made from the cell's definition and the code that produces it."""
    return digest_of({"cell": cell.identity, "code": code_of(cell.kind)})


def computed(cell: Cell) -> dict[str, Any]:
    """The result of a cell, as plain JSON."""
    return resolve_name(runner_of(cell.kind))(cell.settings, cell.seeds, cell.points)
