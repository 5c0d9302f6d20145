"""Listed histories of phases: probabilities, order, and means given the past."""

from fractions import Fraction

import numpy as np

from cl_theory.seeds import stream
from cl_theory.theory.estimators.laws import FiniteLaw, history_law, mean_given_past

B = Fraction(2, 5)
LAW = FiniteLaw.random(stream(20230723, "tests", "histories"), 3, 2)


def test_every_history_is_listed_once_and_probabilities_sum_to_one() -> None:
    probability, plus, minus, signs = history_law(LAW, B, 2)
    assert probability.sum() == 1
    assert plus.shape == minus.shape == (2, 36, 2)
    seen = {(*map(tuple, plus[:, k]), *signs[:, k]) for k in range(36)}
    assert len(seen) == 36


def test_each_phase_has_the_law_and_the_coin_on_its_own() -> None:
    probability, plus, minus, signs = history_law(LAW, B, 2)
    for k in range(2):
        assert probability @ signs[k].astype(int) == B
        assert (probability @ plus[k] == LAW.moments.mean_positive).all()
        assert (probability @ minus[k] == LAW.moments.mean_negative).all()


def test_mean_given_the_past_averages_the_last_phase_and_keeps_the_earlier_ones() -> None:
    probability, plus, _, signs = history_law(LAW, B, 2)
    last = np.where(signs[1], 1, 0)[:, None] * plus[1]
    assert (mean_given_past(probability, last, 2) == B * LAW.moments.mean_positive).all()
    first = mean_given_past(probability, plus[0], 2)
    assert {tuple(row) for row in first} == {tuple(row) for row in LAW.g_positive}
