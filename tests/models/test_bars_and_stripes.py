"""Bars and stripes as they are published."""

import numpy as np
import pytest

from cl_theory.learning.models.images import bars_and_stripes


def test_rows_are_images_of_constant_lines():
    images = bars_and_stripes(4).reshape(-1, 4, 4)
    assert (images[:16] == images[:16, :, :1]).all()
    assert (images[16:] == images[16:, :1, :]).all()


def test_the_empty_and_the_full_image_occur_twice():
    rows, counts = np.unique(bars_and_stripes(4), axis=0, return_counts=True)
    assert rows.shape == (30, 16)
    assert sorted(rows[counts == 2].sum(axis=1)) == [0, 16]


def test_the_entropy_is_the_published_one():
    _, counts = np.unique(bars_and_stripes(4), axis=0, return_counts=True)
    share = counts / 32
    assert -(share * np.log(share)).sum() == pytest.approx(3.379093, abs=5e-7)


def test_other_sizes():
    assert bars_and_stripes(2).shape == (8, 4)
    with pytest.raises(ValueError, match="size"):
        bars_and_stripes(0)
