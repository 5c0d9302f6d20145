"""Where the book lies, its chapters as they are committed, and the seed that its commit gives."""

import ast
import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cl_theory.seeds import FIXED_ROOT


class BookError(ValueError):
    """Bad input to the pipeline: the message names the value and the remedy."""


@dataclass(frozen=True)
class Checkout:
    """Folders and files of one checkout of the book."""

    root: Path

    @property
    def chapters(self) -> Path:
        return self.root / "chapters"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def ledger(self) -> Path:
        return self.data / "claims.json"

    @property
    def benchmarks(self) -> Path:
        """Measured speeds."""
        return self.data / "benchmarks"

    @property
    def experiments(self) -> Path:
        """Results of whole experiments."""
        return self.data / "experiments"

    @property
    def build(self) -> Path:
        return self.root / "_build"

    @property
    def executed(self) -> Path:
        return self.build / "executed"

    @property
    def failed(self) -> Path:
        """Chapters that raised, as far as they got."""
        return self.build / "failed"

    @property
    def scratch(self) -> Path:
        """Half-finished work. Whoever holds the lock may empty it."""
        return self.build / "tmp"

    @property
    def site(self) -> Path:
        return self.build / "html"

    def shown(self, path: Path) -> str:
        """`path` as a reader would type it."""
        return os.path.relpath(path)


def find_checkout(start: Path | None = None) -> Checkout:
    """The checkout that holds `start` (default: the current folder). BookError if there is none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "_toc.yml").is_file() and (folder / "chapters").is_dir():
            return Checkout(folder)
    raise BookError(
        f"no book here: neither {here} nor a folder above it has _toc.yml and chapters/; "
        "run cl-theory inside a checkout of the book"
    )


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


def page_title(path: Path) -> str:
    """The first top-level heading of a notebook or a Markdown page; its stem if there is none."""
    for line in _markdown(path).splitlines():
        if line.startswith("# "):
            return line[2:].strip()
    return path.stem


def _markdown(path: Path) -> str:
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


VARIABLE = "CL_THEORY_SEED"


@dataclass(frozen=True)
class GateSeed:
    """A root seed and where it comes from."""

    root: int
    origin: str


def gate_seed(folder: Path, option: int | None = None, environment: Mapping[str, str] = os.environ) -> GateSeed:
    """`option` if given, else ``CL_THEORY_SEED``, else made from the commit in `folder`, else the fixed root.

    With a seed from the commit, running again cannot clear a failure, and each commit meets fresh draws.
    """
    if option is not None:
        return GateSeed(_checked(option, "--seed"), "--seed")
    if environment.get(VARIABLE):
        return GateSeed(_checked(environment[VARIABLE], VARIABLE), VARIABLE)
    commit = head_commit(folder)
    if commit is None:
        return GateSeed(FIXED_ROOT, "no commit, so the fixed seed")
    return GateSeed(int(commit[:12], 16), f"commit {commit[:9]}")


def head_commit(folder: Path) -> str | None:
    """Hash of the commit that is checked out in `folder`, None without git or without a commit."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "--verify", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


_GITHUB = re.compile(r"^(?:https://(?:[^@/]*@)?|git@|ssh://git@)github\.com[:/]([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")


def public_repository(folder: Path) -> str | None:
    """``owner/name`` on GitHub of the remote "origin" of the checkout that holds `folder`; None without one."""
    try:
        asked = ["git", "-C", str(folder), "remote", "get-url", "origin"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = _GITHUB.match(answer.strip())
    return "/".join(found.groups()) if found else None


def _checked(value: int | str, name: str) -> int:
    try:
        root = int(value)
    except ValueError:
        root = -1
    if root < 0:
        raise BookError(f"{name} must be an integer of at least 0, got {value!r}")
    return root
