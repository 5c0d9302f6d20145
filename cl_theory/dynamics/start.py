"""Where a phase starts: a state, or a law over states."""

from typing import Any

import numpy as np

from cl_theory.arguments import probabilities


def start_law(start: Any, n_states: int, like: np.ndarray) -> np.ndarray:
    """`start`, a state or a law (m,), as a law (m,); a state gives a law of the dtype of `like`."""
    if np.ndim(start) == 1:
        law = probabilities(start, "start")
        if len(law) != n_states:
            raise ValueError(f"start must have {n_states} probabilities, got {len(law)}")
        return law
    if not 0 <= start < n_states:
        raise ValueError(f"start must be a state below {n_states}, got {start!r}")
    law = 0 * np.resize(like, n_states)
    law[start] += 1
    return law
