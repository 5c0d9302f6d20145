"""The root seed of a run."""

import subprocess

import pytest

from cl_theory.proof.book.checkout import VARIABLE, BookError, gate_seed, head_commit
from cl_theory.seeds import FIXED_ROOT, stream


@pytest.fixture
def repository(tmp_path):
    def git(*words):
        name = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *name, *words], check=True, capture_output=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "one")
    return tmp_path, git


def test_the_option_wins_over_the_variable_and_the_variable_over_the_commit(repository):
    folder, _ = repository
    assert gate_seed(folder, 5, {VARIABLE: "7"}).root == 5
    assert gate_seed(folder, None, {VARIABLE: "7"}).root == 7
    assert gate_seed(folder, None, {}).origin.startswith("commit ")


def test_a_commit_gives_the_same_seed_each_time_and_another_commit_another(repository):
    folder, git = repository
    first = gate_seed(folder, None, {})
    assert gate_seed(folder, None, {}) == first
    git("commit", "-q", "--allow-empty", "-m", "two")
    assert gate_seed(folder, None, {}).root != first.root
    stream(first.root, "any")  # the root is one that streams accept


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}])
def test_without_a_commit_the_seed_is_the_fixed_one_and_an_empty_variable_counts_as_not_set(tmp_path, environment):
    assert head_commit(tmp_path) is None
    assert gate_seed(tmp_path, None, environment).root == FIXED_ROOT


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        *((None, v, rf"{VARIABLE} must be an integer of at least 0, got '{v}'") for v in ("seven", "-1", "1.5")),
        (-3, "", "--seed must be an integer of at least 0, got -3"),
    ],
)
def test_a_seed_that_is_no_natural_number_is_named_with_its_origin(tmp_path, option, value, message):
    with pytest.raises(BookError, match=message):
        gate_seed(tmp_path, option, {VARIABLE: value})
