"""The counter-based generator: published answers, agreement with its readable sibling, and the law of its normals."""

import numpy as np
import pytest
from scipy import stats

from cl_theory import philox
from cl_theory.philox import fill_words, philox_key

# Random123's published known-answer vectors for philox4x32 with 10 rounds: counter, key, words.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
PLACE = {"step": 3, "stream": 4, "replica": 5}


def _numbers(text):
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_the_sibling_gives_the_published_words(counter, key, expected):
    words = philox.philox_blocks_numpy(np.array([_numbers(counter)]), _numbers(key))
    assert words[0].tolist() == _numbers(expected)


def test_the_kernel_gives_the_published_words_where_the_counter_allows_it():
    words = np.empty(4, dtype=np.uint32)
    fill_words(words, np.zeros(2, dtype=np.uint32), 0, 0, 0)
    assert words.tolist() == _numbers(KNOWN_ANSWERS[0][2])


@pytest.mark.parametrize("n", [4, 32, 36, 1000])
def test_kernel_and_sibling_give_the_same_words(n):
    key = philox_key(np.random.default_rng(1))
    words = np.empty(n, dtype=np.uint32)
    fill_words(words, key, 3, 4, 5)
    np.testing.assert_array_equal(words, philox.words_numpy(n, key, **PLACE))


def test_counters_use_all_32_bits():
    key, last = np.array([2**32 - 1, 2**32 - 1], dtype=np.uint32), 2**32 - 1
    words = np.empty(8, dtype=np.uint32)
    fill_words(words, key, last, last, last)
    np.testing.assert_array_equal(words, philox.words_numpy(8, key, step=last, stream=last, replica=last))


def test_normals_are_normal():
    normals = philox.normals_numpy(200_000, np.array([1, 2], dtype=np.uint32), step=0, stream=0, replica=0)
    assert stats.kstest(normals, "norm").pvalue > 1e-4
    pairs = normals.reshape(2, 2, -1)  # the two normals of one pair come from the same radius
    n = pairs[:, 0].size
    assert abs((pairs[:, 0] * pairs[:, 1]).mean()) < 5 / np.sqrt(n)
    assert abs((pairs[:, 0] ** 2 * pairs[:, 1] ** 2).mean() - 1) < 5 * np.sqrt(8 / n)


def test_other_steps_streams_replicas_and_keys_give_other_words():
    key = np.array([1, 2], dtype=np.uint32)
    places = [PLACE, *({**PLACE, name: 9} for name in PLACE)]
    drawn = [philox.words_numpy(64, key, **place) for place in places]
    drawn.append(philox.words_numpy(64, key + np.uint32(1), **PLACE))
    assert len(np.unique(np.concatenate(drawn))) == 64 * len(drawn)


def test_a_key_is_two_fresh_words_of_the_generator():
    rng = np.random.default_rng(0)
    first, second = philox_key(rng), philox_key(rng)
    assert first.shape == (2,)
    assert first.dtype == np.uint32
    assert (first != second).any()
