"""Networks come back from the numbers that were stored."""

from dataclasses import replace

import numpy as np
import pytest

from cl_theory.learning.learners.replicas import Replicas
from cl_theory.learning.models.rbm import RBM
from cl_theory.proof.experiments.definition import Seeds
from cl_theory.proof.experiments.rbm_runs import _weights
from cl_theory.proof.experiments.registered import experiment
from cl_theory.proof.experiments.results import ArmResults, Results, stored_rbms

RNG = np.random.default_rng(2)


def results_with(n_hidden, **finals):
    defined = replace(experiment("mnist-pictures"), settings={"hidden": n_hidden})
    return Results(defined, {"isd": ArmResults("isd", Seeds(0, 1), {}, {}, finals, [], 0.0)}, {})


def test_what_an_experiment_stores_is_the_network_it_ended_with():
    rbm = RBM(RNG.normal(size=(3, 7)), np.zeros(7), RNG.normal(size=3))
    found = stored_rbms(results_with(3, weights=_weights(Replicas.of([rbm, rbm]))))["isd"]
    np.testing.assert_allclose(found.flat, rbm.flat, rtol=1e-6)


def test_numbers_that_fit_no_network_of_that_size_are_refused():
    with pytest.raises(ValueError, match="24 numbers are not weights and biases of 5 hidden units"):
        stored_rbms(results_with(5, weights=[[0.0] * 24]))


def test_an_arm_without_weights_says_what_it_has():
    with pytest.raises(KeyError, match="no measure 'weights'"):
        stored_rbms(results_with(3))
