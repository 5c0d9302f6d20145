"""The table of all states."""

from itertools import product

import numpy as np
import pytest

from cl_theory.learning.models.rbm import all_states


def test_every_state_occurs_once():
    rows = {tuple(row) for row in all_states(4)}
    assert rows == set(product((0.0, 1.0), repeat=4))


def test_unit_i_is_bit_i_of_the_row_number():
    states = all_states(5)
    assert (states @ 2 ** np.arange(5) == np.arange(32)).all()


@pytest.mark.parametrize("n_units", [0, -1, 2.5, 21])
def test_impossible_numbers_of_units_are_refused(n_units):
    with pytest.raises(ValueError, match=str(n_units)):
        all_states(n_units)
