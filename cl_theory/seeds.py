"""From one root seed to independent streams that do not depend on the number of workers."""

import hashlib

import numpy as np

FIXED_ROOT = 20230723
"""Root of every printed number, and of the checks where no commit can be read."""


def _word(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def stream(root: int, *path: str | int) -> np.random.Generator:
    """Philox generator for one place in the book, for example ``stream(seed, "isd-unbiased", "mean", 2)``.

    Words of `path` are hashed, so that a new check never shifts the draws of an old one.
    ValueError if `root` is negative or not an integer.
    """
    if isinstance(root, bool) or not isinstance(root, (int, np.integer)) or root < 0:
        raise ValueError(f"seed must be an integer of at least 0, got {root!r}")
    key = tuple(_word(part) if isinstance(part, str) else int(part) for part in path)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(int(root), spawn_key=key)))
