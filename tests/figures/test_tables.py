"""Tables of what was stated beforehand repeat the registers, word for word."""

import numpy as np

from cl_theory.proof.checks.comparisons import difference
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.figures.tables import (
    criteria_table,
    definition_table,
    effects_table,
    intervals_table,
    mean_and_spread,
)
from cl_theory.proof.ledger.registry import claim


def test_a_definition_shows_every_arm_with_its_settings() -> None:
    defined = experiment("bars-estimators")
    table = definition_table(defined)
    rows = dict(table.rows)
    assert set(defined.arms) <= set(rows)
    assert "rate 0.005" in rows["isd"]
    assert "(b 0.5)" in rows["isd"]
    assert "sweeps 200" in rows["all arms"]
    assert rows["question"] == defined.question
    assert rows["seeds"].startswith("0 to 39")


def test_criteria_are_those_of_the_register_in_its_order() -> None:
    table = criteria_table("exp-bars-rate", "exp-bars-comparable")
    expected = [c for name in ("exp-bars-rate", "exp-bars-comparable") for c in claim(name).criteria]
    assert [row[2] for row in table.rows] == [criterion.statement for criterion in expected]
    assert [row[0] for row in table.rows] == ["exp-bars-rate", "", "exp-bars-comparable"]
    assert table.rows[0][3] == "below 0 log units"


def test_tables_show_as_html_and_as_text() -> None:
    table = criteria_table("exp-bars-rate")
    assert "ISD&#x27;s best rate" in table._repr_html_()
    assert repr(table).splitlines()[0].split() == ["claim", "criterion", "effect", "must", "be"]


def test_effects_are_shown_with_their_intervals() -> None:
    few, more = np.arange(6.0), np.arange(6.0) + 10
    effect = difference(more, few, 0.95)
    row = effects_table("arm", {"more": effect}).rows[0]
    assert row == ("more", "+10.0", f"[{effect.low:+.1f}, {effect.high:+.1f}]")
    assert mean_and_spread(few) == "2.500 ± 1.871"


def test_intervals_are_written_in_the_form_that_is_asked_for() -> None:
    table = intervals_table(("error of", "estimate", "interval"), {"one": (0.3, 0.25, 0.355)}, ".2f")
    assert table.rows == (("one", "0.30", "[0.25, 0.35]"),)
