"""What ``cl-theory experiment`` says of the second design, and refuses to run."""

import re
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from cl_theory.proof import experiment_view
from cl_theory.proof.command_line import app
from cl_theory.proof.experiments import registered
from cl_theory.proof.experiments.registered.second import SECOND_BARS
from cl_theory.proof.ledger.registry import all_claims


@pytest.fixture
def call(tiny, checkout, here_and_now):
    return lambda *words: CliRunner().invoke(app, ["experiment", *words])


def test_status_says_of_each_question_how_many_seeds_and_hours_are_expected(call):
    told = call("status").stdout
    open_ = re.findall(r"about \d+ seeds, (\d+ min|\d+ h \d\d min); \d+% open then", told)
    assert len(open_) == sum(len(entry.again) for entry in all_claims().values())
    assert "core time expected for what is open" in told
    assert "smoother" not in call("status", "tiny").stdout


def test_a_definition_that_changed_after_it_was_stated_is_not_run(call, monkeypatch):
    stage = replace(SECOND_BARS.stages[0], points=(0, 200))
    monkeypatch.setattr(experiment_view, "ALL", (stage,))
    monkeypatch.setattr(registered, "ALL", (stage,))
    registered.all_experiments.cache_clear()
    result = call("run", stage.name)
    assert result.exit_code == 2
    assert re.search(r"second-bars-80 was stated as \w{12} and is \w{12} now; undo the change", result.stderr)
