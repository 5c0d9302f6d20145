"""Numbers for the prose have the names and the units that it asks for."""

import myst_nb
import numpy as np
import pytest

from cl_theory.proof.checks.criteria import Criterion, decide
from cl_theory.proof.experiments.definition import Seeds
from cl_theory.proof.experiments.results import ArmResults
from cl_theory.proof.figures.numbers import glue_decisions, glue_means, glue_numbers, percent

ONE, OTHER = np.arange(6.0) / 100, np.arange(6.0) / 100 + 0.1


@pytest.fixture
def glued(monkeypatch):
    found = {}
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, display: found.update({name: value}))
    return found


def test_names_are_words_with_hyphens(glued):
    glue_numbers({"two-term, sgd": 1.5}, by=percent, at_the_end=2)
    assert glued == {"two-term-sgd": 150.0, "at-the-end": 200}


def test_shares_of_rows_are_glued_as_hundredths_and_the_rest_as_it_is(glued):
    rows, log = (Criterion("less", "is less", 0.0, "below", unit) for unit in ("of test rows", "log units"))
    glue_decisions({"rows": decide(rows, ONE, OTHER), "log": decide(log, ONE, OTHER)})
    assert glued["rows"] == pytest.approx(-10)
    assert glued["log"] == pytest.approx(-0.1)
    assert glued["log-low"] < glued["log"] < glued["log-high"]


def test_means_carry_the_name_of_their_arm(glued):
    arm = ArmResults("isd", Seeds(0, 2), {}, {}, {"end": [0.25, 0.75]}, [], core_seconds=1.0)
    glue_means("error", lambda of: of.final("end"), {"isd": arm}, by=percent)
    assert glued == {"error-isd": 50.0}
