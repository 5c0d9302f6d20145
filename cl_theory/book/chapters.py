"""The chapters as they are committed: stripped notebooks with one cell of parameters."""

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cl_theory.book.checkout import BookError


@dataclass(frozen=True)
class Chapter:
    """One notebook: `name` is its stem, `notebook` its parsed JSON."""

    name: str
    path: Path
    source: bytes
    notebook: Mapping[str, Any]


def read_chapters(folder: Path) -> dict[str, Chapter]:
    """Every notebook in `folder` by name, in order. BookError if there is none, or at a damaged one."""
    found = {path.stem: _read(path) for path in sorted(folder.glob("*.ipynb"))}
    if not found:
        raise BookError(f"no chapters: {folder} holds no notebook (*.ipynb)")
    return found


def chosen(chapters: Mapping[str, Chapter], names: Sequence[str]) -> list[str]:
    """Names of the chapters that `names` ask for, in book order; all if `names` is empty.

    A name may be shortened to a beginning that fits one chapter only, such as ``02``. BookError lists the
    chapters.
    """
    if not names:
        return list(chapters)
    asked = {_full_name(chapters, name) for name in names}
    return [name for name in chapters if name in asked]


def parameter_names(chapter: Chapter) -> set[str]:
    """Variables that the cell tagged ``parameters`` sets. BookError unless there is exactly one such cell."""
    cells = [c for c in chapter.notebook["cells"] if "parameters" in c.get("metadata", {}).get("tags", ())]
    if len(cells) != 1:
        raise BookError(
            f"{chapter.path.name} must have exactly one cell tagged 'parameters', found {len(cells)}; "
            "it sets profile and seed"
        )
    try:
        body = ast.parse("".join(cells[0]["source"])).body
    except SyntaxError as error:
        raise BookError(f"{chapter.path.name}: the parameters cell does not parse: {error}") from None
    targets = [t for node in body if isinstance(node, ast.Assign) for t in node.targets]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def require_parameters(chapter: Chapter, parameters: Mapping[str, Any]) -> None:
    """BookError if the chapter would silently ignore one of `parameters`, as papermill does."""
    known = parameter_names(chapter)
    unknown = [name for name in parameters if name not in known]
    if unknown:
        listed = ", ".join(sorted(known)) or "nothing"
        raise BookError(f"unknown parameter {unknown[0]!r} for {chapter.path.name}: its parameters cell sets {listed}")


def _read(path: Path) -> Chapter:
    source = path.read_bytes()
    try:
        notebook = json.loads(source)
        cells = notebook["cells"]
        assert all(isinstance(cell["source"], str | list) for cell in cells)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise BookError(f"{path} is not a notebook: restore it with 'git checkout -- {path}'") from None
    return Chapter(path.stem, path, source, notebook)


def _full_name(chapters: Mapping[str, Chapter], name: str) -> str:
    stem = Path(name).name.removesuffix(".ipynb")
    if stem in chapters:
        return stem
    fits = [full for full in chapters if stem and full.startswith(stem)]
    if len(fits) == 1:
        return fits[0]
    problem = f"{name!r} fits {', '.join(fits)}" if fits else f"unknown chapter {name!r}"
    raise BookError(f"{problem}; the chapters are: {', '.join(chapters)}")
