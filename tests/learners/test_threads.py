"""Work in turns on several threads."""

import numba
import numpy as np
import pytest

from cl_theory.threads import in_turns


@pytest.mark.parametrize("n_items", [1, 2, 7])
def test_every_item_is_worked_on_once(n_items):
    counts = np.zeros(n_items, dtype=int)

    def work(first, stride):
        counts[first::stride] += 1

    in_turns(work, n_items, 1e9)
    np.testing.assert_array_equal(counts, 1)


def test_one_thread_works_in_the_caller():
    calls, before = [], numba.get_num_threads()
    numba.set_num_threads(1)
    in_turns(lambda first, stride: calls.append((first, stride)), 5, 1e9)
    numba.set_num_threads(before)
    assert calls == [(0, 1)]


def test_little_work_stays_in_the_caller():
    calls = []
    in_turns(lambda first, stride: calls.append((first, stride)), 5, 1e4)
    assert calls == [(0, 1)]


def test_an_error_in_a_thread_reaches_the_caller():
    def work(first, stride):
        raise ValueError("from a thread")

    with pytest.raises(ValueError, match="from a thread"):
        in_turns(work, 3, 1e9)
