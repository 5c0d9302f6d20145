"""The table of estimates, as text and as HTML."""

from cl_theory.cases.estimates_table import EstimatesTable
from cl_theory.checks import Outcome


def outcome(target: object, estimate: object, error: object) -> Outcome:
    details = {"n": 1000, "target": target, "estimate": estimate, "standard_error": error}
    return Outcome("monte_carlo", "x", True, {}, 0.01, details=details)


def test_the_distance_is_in_standard_errors() -> None:
    table = EstimatesTable({"bars": outcome([2.0, 3.0], [2.5, 2.9], [0.5, 0.1])}, ["a", "b"])
    assert [row[-1] for row in table.rows] == ["+1.0", "-1.0"]
    assert table.rows[0][:2] == ("bars, n = 1,000", "a")
    assert table.rows[1][:2] == ("", "b")


def test_a_single_number_and_fewer_names_than_numbers_are_fine() -> None:
    assert len(EstimatesTable({"coin": outcome(0.3, 0.31, 0.01)}, ["P(B = 1)"]).rows) == 1
    assert len(EstimatesTable({"bars": outcome([1.0, 2.0], [1.0, 2.0], [1.0, 1.0])}, ["only one"]).rows) == 1


def test_each_outcome_may_have_its_own_names() -> None:
    outcomes = {"bars": outcome([1.0], [1.0], [1.0]), "coin": outcome(0.3, 0.3, 0.01)}
    table = EstimatesTable(outcomes, {"bars": ["u.Z"], "coin": ["P(B = 1)"]})
    assert [row[1] for row in table.rows] == ["u.Z", "P(B = 1)"]


def test_large_numbers_have_no_exponent() -> None:
    row = EstimatesTable({"bars": outcome([202256.4], [202301.0], [517.2])}, ["a"]).rows[0]
    assert row[2:5] == ("202,256", "202,301", "517")


def test_names_are_escaped() -> None:
    html = EstimatesTable({"a < b": outcome([1.0], [1.0], [1.0])}, ["<i>"])._repr_html_()
    assert "a &lt; b" in html
    assert "<i>" not in html
