"""The command line: exit codes, messages, and what is shown of the ledger."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cl_theory.proof.command_line import COMMANDS, INTERRUPTED, app, exiting, main

CELL = {
    "cell_type": "code",
    "id": "parameters",
    "source": 'profile = "smoke"\nseed = 1',
    "outputs": [],
    "execution_count": None,
    "metadata": {"tags": ["parameters"]},
}
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [CELL]}
EMPTY = {"format": 2, "claims": {}, "history": []}


@pytest.fixture
def book(tmp_path, monkeypatch):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "_toc.yml").touch()
    (tmp_path / "chapters" / "02_isd_unbiased.ipynb").write_text(json.dumps(NOTEBOOK), "utf-8")
    (tmp_path / "data" / "claims.json").write_text(json.dumps(EMPTY), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CL_THEORY_SEED", raising=False)
    return tmp_path


@pytest.fixture
def call():
    return lambda *words: CliRunner().invoke(app, words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "--chapter", "99"], "unknown chapter '99'; the chapters are: 02_isd_unbiased"),
        (["build", "--chapter", "99"], "unknown chapter '99'"),
        (["check", "--profile", "quick"], "profile must be one of smoke, full, got 'quick'"),
        (["build", "--jobs", "0"], "--jobs must be at least 1, got 0"),
        (["check", "--seed", "-1"], "--seed must be an integer of at least 0, got -1"),
        (["check", "-p", "speed=3"], "unknown parameter 'speed' for 02_isd_unbiased.ipynb"),
        (["check", "-p", "seed=3"], "parameter 'seed' is set with --seed"),
        (["check", "-p", "speed"], "--parameter must be NAME=VALUE, got 'speed'"),
        (["claims", "nope"], "unknown claim 'nope'; the claims are: cl-gradient, isd-unbiased"),
        (["accept", "--reason", "why", "nope"], "unknown claim 'nope'"),
        (["accept", "--reason", " "], "--reason must say why the numbers changed"),
    ],
)
def test_bad_input_ends_with_2_and_names_the_value(book, call, words, message):
    result = call(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (book / "_build" / "executed").exists()


@pytest.mark.parametrize("words", [["nope"], ["check", "--nope"], ["accept"], ["check", "--jobs", "many"], []])
def test_a_wrong_command_ends_with_2(book, call, words):
    assert call(*words).exit_code == 2


@pytest.mark.parametrize("words", [["check"], ["build"], ["claims"]])
def test_a_missing_ledger_ends_with_2_and_names_the_remedy(book, call, words):
    (book / "data" / "claims.json").unlink()
    result = call(*words)
    assert result.exit_code == 2
    assert "is missing: restore it" in result.stderr
    assert "cl-theory accept --reason" in result.stderr


@pytest.mark.parametrize("words", [["check"], ["build"], ["claims"], ["accept", "--reason", "why"]])
@pytest.mark.parametrize("content", ['{"format": 1, "cla', "[]", '{"format": 7, "claims": {}, "history": []}'])
def test_a_damaged_ledger_ends_with_2_and_stays_as_it_is(book, call, words, content):
    ledger = book / "data" / "claims.json"
    ledger.write_text(content, "utf-8")
    result = call(*words)
    assert result.exit_code == 2
    assert "is damaged" in result.stderr
    assert ledger.read_text("utf-8") == content


def test_a_seed_from_the_environment_is_checked(book, call, monkeypatch):
    monkeypatch.setenv("CL_THEORY_SEED", "many")
    result = call("check")
    assert result.exit_code == 2
    assert "CL_THEORY_SEED must be an integer of at least 0, got 'many'" in result.stderr


ON_EXPERIMENTS = [["experiment", *words] for words in (["list"], ["run", "--all"], ["status"], ["show", "bars-b"])]


@pytest.mark.parametrize("words", [["check"], ["build"], ["claims"], ["accept", "--reason", "why"], *ON_EXPERIMENTS])
def test_outside_a_checkout_every_command_says_so(tmp_path, call, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    result = call(*words)
    assert result.exit_code == 2
    assert "no book here" in result.stderr


def failing(error):
    def command():
        raise error

    return exiting(command)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), INTERRUPTED, "nothing is half written"),
        (ModuleNotFoundError(name="filelock"), 2, "filelock is not installed; run: pip install 'cl-theory[book]'"),
    ],
)
def test_an_interrupt_and_a_missing_tool_end_with_their_code_and_the_remedy(capsys, error, code, told):
    with pytest.raises(typer.Exit) as end:
        failing(error)()
    assert end.value.exit_code == code
    assert told in capsys.readouterr().err


def test_a_bug_is_not_taken_for_bad_input():
    with pytest.raises(ValueError, match="a bug"):
        failing(ValueError("a bug"))()


def test_all_claims_are_listed_with_what_is_accepted(book, call):
    result = call("claims")
    assert result.exit_code == 0
    assert "isd-unbiased" in result.stdout
    assert re.search(r"centred-isd-neyman +open +new +Neyman allocation", result.stdout)


def test_help_names_every_command_and_the_exit_codes(call):
    result = call("--help")
    assert result.exit_code == 0
    for command in (*(command.__name__ for command in COMMANDS), "experiment"):
        assert command in result.stdout
    assert re.search(r"0\s+all\s+held", result.stdout)


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom cl_theory.proof.command_line import main\nsys.argv = ['cl-theory', 'build', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "print([n for n in ('numpy', 'sympy', 'matplotlib', 'papermill', 'scipy', 'rich.live') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_module_can_be_run():
    done = subprocess.run([sys.executable, "-m", "cl_theory", "--help"], capture_output=True, text=True, check=True)
    assert "build" in done.stdout


def test_the_installed_command_is_the_same_one():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"]["cl-theory"] == f"{main.__module__}:{main.__name__}"
