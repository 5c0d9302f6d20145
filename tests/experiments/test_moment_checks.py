"""The checks of stored second moments agree on real results, and see what is planted."""

from cl_theory.proof.experiments.results import results
from cl_theory.proof.experiments.retraced import as_stored, two_ways


def test_both_ways_and_what_is_stored_agree_and_planted_errors_are_seen() -> None:
    for outcome, controls in (two_ways(results("bars-b"), "b = 0.5", (200,)), as_stored(results("bars-b"), "b = 0.5")):
        assert outcome.passed
        assert [bad.passed for bad in controls.values()] == [False] * len(controls)
