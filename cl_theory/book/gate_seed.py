"""The root seed of a run's Monte Carlo checks: fresh for each commit, the same for each rerun."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cl_theory.book.checkout import BookError
from cl_theory.seeds import FIXED_ROOT

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


def _checked(value: int | str, name: str) -> int:
    try:
        root = int(value)
    except ValueError:
        root = -1
    if root < 0:
        raise BookError(f"{name} must be an integer of at least 0, got {value!r}")
    return root
