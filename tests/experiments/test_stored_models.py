"""Networks come back from the numbers that were stored."""

import numpy as np
import pytest

from cl_theory.experiments.definition import Seeds
from cl_theory.experiments.rbm_runs import _weights
from cl_theory.experiments.results import ArmResults
from cl_theory.experiments.stored_models import stored_rbm
from cl_theory.learning.replicas import Replicas
from cl_theory.models.rbm import RBM

RNG = np.random.default_rng(2)


def arm_with(numbers):
    return ArmResults("isd", Seeds(0, 1), {}, {}, {"weights": numbers}, [], 0.0)


def test_what_an_experiment_stores_is_the_network_it_ended_with():
    rbm = RBM(RNG.normal(size=(3, 7)), np.zeros(7), RNG.normal(size=3))
    found = stored_rbm(arm_with(_weights(Replicas.of([rbm, rbm]))), 3)
    np.testing.assert_allclose(found.flat, rbm.flat, rtol=1e-6)


def test_numbers_that_fit_no_network_of_that_size_are_refused():
    with pytest.raises(ValueError, match="24 numbers are not weights and biases of 5 hidden units"):
        stored_rbm(arm_with([[0.0] * 24]), 5)


def test_an_arm_without_weights_says_what_it_has():
    with pytest.raises(KeyError, match="no measure 'weights'"):
        stored_rbm(ArmResults("isd", Seeds(0, 1), {}, {}, {}, [], 0.0), 3)
