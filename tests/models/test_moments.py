"""Chunks of draws; their moments are tested beside the checks that use them."""

import pytest

from cl_theory.learning.models.moments import CHUNK, chunk_sizes


@pytest.mark.parametrize("n", [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + 2, 3 * CHUNK + 1])
def test_chunks_add_up_and_none_is_a_single_draw(n):
    sizes = list(chunk_sizes(n))
    assert sum(sizes) == n
    assert n == 1 or min(sizes) > 1
    assert max(sizes) <= CHUNK + 1
