"""Which code a result came from: a digest of a module and of all that it imports from this package.

Comments, docstrings and layout do not count, so that a better explanation makes no result stale.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

PACKAGE = "cl_theory"
ROOT = Path(__file__).resolve().parents[1]


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
