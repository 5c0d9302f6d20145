"""One number a seed from hand-made curves whose numbers are known."""

import numpy as np
import pytest

from cl_theory.proof.experiments import results as summaries
from cl_theory.proof.experiments.definition import Seeds
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.results import ArmResults, Results

PHASES = np.arange(0.0, 9.0)


def arm(values, name: str = "isd", diverged=(), phases=PHASES) -> ArmResults:
    """One arm with the curves `values`, (n_seeds, n); its network runs ten steps a phase."""
    table = np.asarray(values, dtype=float)
    axes = {"phases": phases, "steps": 10 * phases}
    return ArmResults(name, Seeds(0, len(table)), axes, {"nll": table.T.tolist()}, {}, list(diverged), core_seconds=1.0)


def tuning(*arms: ArmResults) -> Results:
    return Results(experiment("bars-tuning"), {one.name: one for one in arms}, {})


def flat(name: str, *last: float, diverged=()) -> ArmResults:
    """Curves that end at `last`, one a seed."""
    return arm([[9.0, value] for value in last], name, diverged, phases=np.array([0.0, 1.0]))


def test_a_steady_slope_is_no_roughness() -> None:
    jumps = np.array([0.5, -0.5, 0.5, -0.5])  # of the second half; sample deviation sqrt(4/3)/2
    late = np.concatenate([[0.0], np.cumsum(jumps)])
    curve = np.concatenate([np.zeros(4), late])
    for slope in (0.0, 3.0, -3.0):
        found = summaries.log_roughness(arm([curve + slope * PHASES, 2 * curve]), "nll")
        np.testing.assert_allclose(found, np.log([np.sqrt(1 / 3), 2 * np.sqrt(1 / 3)]))


def test_the_first_half_of_a_run_has_no_part_in_its_roughness() -> None:
    curve = np.array([0.0, 1, 0, 1, 0, 1, 0, 1, 1])
    wild = np.concatenate([1000 * curve[:4], curve[4:]])
    calm, loud = summaries.log_roughness(arm([curve, wild]), "nll")
    assert calm == loud


def test_roughness_of_a_straight_curve_or_of_few_points_is_refused() -> None:
    with pytest.raises(ValueError, match="rises by the same at every point in 1 seeds"):
        summaries.log_roughness(arm([PHASES, PHASES**2]), "nll")
    with pytest.raises(ValueError, match="2 points of nll in its second half"):
        summaries.log_roughness(arm([[3.0, 2.0, 5.0]], phases=np.arange(3.0)), "nll")


@pytest.mark.parametrize(("along", "scale"), [("phases", 1), ("steps", 10)])
def test_time_lies_on_the_straight_line_between_two_points(along: str, scale: int) -> None:
    curves = [[9.0, 8, 7, 6, 2, 2, 2, 2, 2], [9.0, 5, 9, 9, 9, 9, 9, 9, 9]]
    found = np.exp(summaries.log_time_to(arm(curves), "nll", 5.0, along))
    np.testing.assert_allclose(found, [3.25 * scale, 1.0 * scale])


def test_a_run_that_never_gets_there_counts_as_its_whole_length() -> None:
    lost = [9.0, 8, np.nan, *[np.nan] * 6]
    assert np.exp(summaries.log_time_to(arm([[9.0] * 9, lost]), "nll", 5.0)) == pytest.approx([8, 8])


def test_a_run_that_comes_there_after_the_end_of_the_other_arm_counts_as_its_end() -> None:
    falling = arm([[9.0, 8, 7, 6, 5, 4, 3, 2, 1]])
    assert np.exp(summaries.log_time_to(falling, "nll", 4.5, until=5)) == pytest.approx([4.5])
    assert np.exp(summaries.log_time_to(falling, "nll", 2.5, until=5)) == pytest.approx([5])
    assert np.exp(summaries.log_time_to(falling, "nll", 2.5)) == pytest.approx([6.5])


def test_a_level_at_which_a_curve_starts_is_refused() -> None:
    with pytest.raises(ValueError, match=r"starts at or below 9\.0; choose a level inside"):
        summaries.log_time_to(arm([[9.0] * 9, [10.0] * 9]), "nll", 9.0)


def test_values_at_a_number_of_phases() -> None:
    table = np.arange(18.0).reshape(2, 9)
    assert summaries.at_phases(arm(table), "nll", 3).tolist() == [3, 12]
    with pytest.raises(ValueError, match=r"not taken at 2\.5 phases, but at \[0\.0, 1\.0"):
        summaries.at_phases(arm(table), "nll", 2.5)


def test_tuned_arms_come_by_ascending_rate_and_without_those_of_longer_names() -> None:
    found = tuning(flat("isd @ 0.02", 1), flat("isd @ 0.005", 2), flat("centred-isd @ 0.001", 3))
    rates, arms = summaries.tuned(found, "isd")
    assert rates.tolist() == [0.005, 0.02]
    assert [one.name for one in arms] == ["isd @ 0.005", "isd @ 0.02"]
    with pytest.raises(KeyError, match="has not tuned 'two-term'"):
        summaries.tuned(found, "two-term")


def test_the_best_rate_of_all_seeds_and_of_each() -> None:
    found = tuning(flat("isd @ 0.1", 1, 4), flat("isd @ 0.2", 2, 2), flat("isd @ 0.4", 3, 3))
    assert summaries.best_rate(found, "isd", "nll") == 0.2
    np.testing.assert_allclose(np.exp(summaries.log_best_rates(found, "isd", "nll")), [0.1, 0.2])


def test_a_rate_at_which_one_block_of_seeds_diverged_is_not_chosen_but_its_other_seeds_count() -> None:
    found = tuning(flat("isd @ 0.1", 5, 5), flat("isd @ 0.2", 1, np.nan, diverged=[[[1, 1], 1.0]]))
    _, values = summaries.final_by_rate(found, "isd", "nll")
    assert values.tolist() == [[5, 5], [1, np.inf]]
    assert summaries.best_rate(found, "isd", "nll") == 0.1
    np.testing.assert_allclose(np.exp(summaries.log_best_rates(found, "isd", "nll")), [0.2, 0.1])


def test_no_rate_is_best_where_all_diverged() -> None:
    found = tuning(flat("isd @ 0.1", np.nan, np.nan, diverged=[[[0, 2], 1.0]]))
    with pytest.raises(ValueError, match=r"diverged at every rate of bars-tuning, the least is 0\.1"):
        summaries.best_rate(found, "isd", "nll")


def test_rank_correlations_are_taken_seed_by_seed() -> None:
    a = np.array([[1.0, 1], [2, 2], [3, 3]])
    b = np.array([[10.0, 30], [1000, 20], [1001, 10]])
    np.testing.assert_allclose(summaries.rank_correlations(a, b), [1, -1])
    with pytest.raises(ValueError, match="1 of 2 seeds have one value in all arms"):
        summaries.rank_correlations(a, np.array([[1.0, 1], [1, 2], [1, 3]]))


def test_the_choice_is_made_on_even_seeds_and_judged_on_odd_ones() -> None:
    values = {"a": np.array([0.0, 9, 0, 9]), "b": np.array([1.0, 2, 1, 3])}
    best, others = summaries.best_on_even_seeds(values)
    assert best == "a"
    assert {name: found.tolist() for name, found in others.items()} == {"a": [9, 9], "b": [2, 3]}


def test_what_diverged_is_neither_best_nor_least() -> None:
    values = {0.1: np.array([np.nan, 0.0, 0, 0]), 0.5: np.array([3.0, 3, 3, 3]), 0.9: np.array([4.0, 1, 4, 1])}
    assert summaries.best_on_even_seeds(values)[0] == 0.5
    assert summaries.least(values) == 0.9
