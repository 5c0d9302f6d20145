"""Criteria are decided from values, or from what is measured of arms."""

import numpy as np

from cl_theory.proof.experiments.measures import TEST_ERROR, judged
from cl_theory.proof.experiments.results import results
from cl_theory.proof.ledger.evidence import Evidence

NAME = "comparable: ISD - two-term"


def test_a_measure_with_arms_is_decided_as_their_values_are():
    found = results("mnist-estimators")
    arms = found["isd"], found["two-term"]
    decided = [
        judged({"comparable": Evidence("exp-mnist-comparable")}, {NAME: asked}, shorten="comparable: ")
        for asked in ((TEST_ERROR, *arms), map(TEST_ERROR, arms))
    ]
    by_measure, by_values = (of["ISD - two-term"].values["effect"] for of in decided)
    assert by_measure == by_values == np.mean(TEST_ERROR(arms[0])) - np.mean(TEST_ERROR(arms[1]))
