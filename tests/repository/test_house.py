"""The house that one can know by heart: three wings, twelve rooms, imports one way."""

import ast
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "cl_theory"
WINGS = ("theory", "learning", "proof")
DATA = {"registered", "assets"}
"""Folders of definitions and of files, which are no rooms."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(path: Path) -> set[str]:
    """What a module imports at its top from the package; the names of functions count as their module."""
    known, found = modules(), set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cl_theory"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else str(node.module))
    return found


def room(module: str) -> str:
    """The folder in which a module lies, within its wing."""
    return ".".join(module.split(".")[1:3]) if module.count(".") >= 3 else module.split(".")[1]


def graph(of: str) -> dict[str, set[str]]:
    """Imports between modules, or between rooms."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in modules().items():
        for other in imports(path):
            ends = (name, other) if of == "modules" else (room(name), room(other))
            if ends[0] != ends[1]:
                found[ends[0]].add(ends[1])
    return found


def test_wings_import_one_way():
    for name, path in modules().items():
        if name.split(".")[1:2] and name.split(".")[1] in WINGS:
            here = WINGS.index(name.split(".")[1])
            above = {other for other in imports(path) if other.split(".")[1] in WINGS[here + 1 :]}
            assert not above, f"{name} imports from above: {', '.join(above)}"


def test_no_module_imports_itself_in_a_circle():
    TopologicalSorter(graph("modules")).prepare()


def test_there_are_at_most_twelve_rooms_with_at_most_twelve_files():
    rooms = [path for wing in WINGS for path in (PACKAGE / wing).iterdir() if path.is_dir() and path.name[0] != "_"]
    assert len(rooms) <= 12, sorted(path.name for path in rooms)
    for path in [*rooms, *(PACKAGE / wing for wing in WINGS)]:
        files = [file.name for file in path.glob("*.py") if file.name != "__init__.py"]
        assert len(files) <= 12, f"{path.name} has {len(files)} files"
