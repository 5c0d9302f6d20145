"""Whether a kernel leaves a law alone, told from draws."""

from collections.abc import Callable

import numpy as np

Kernel = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def law_stays(states: np.ndarray, law: np.ndarray, kernel: Kernel, n: int = 20_000, alpha: float = 5e-7) -> bool:
    """Whether n exact draws of 0/1 `states` (m, units) with `law` (m,) keep it after 1, 4 and 16 steps of `kernel`.

    The total variation between histogram and law is at most half the sum of sqrt(p (1 - p) / n) in the mean, and more
    than that by sqrt(log(3 / alpha) / 2n) at any of the three steps with probability at most `alpha` (McDiarmid).
    """
    limit = np.sqrt(law * (1 - law) / n).sum() / 2 + np.sqrt(np.log(3 / alpha) / (2 * n))
    rng, places = np.random.default_rng(0), 2 ** np.arange(states.shape[1])
    now, expected = states[rng.choice(len(law), size=n, p=law)], np.zeros(2 ** states.shape[1])
    expected[(states @ places).astype(int)] = law
    distances = []
    for step in range(1, 17):
        now = kernel(rng, now)
        if step in (1, 4, 16):
            histogram = np.bincount((now @ places).astype(int), minlength=len(expected)) / n
            distances.append(np.abs(histogram - expected).sum() / 2)
    return max(distances) <= limit
