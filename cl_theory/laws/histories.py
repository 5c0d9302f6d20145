"""Everything that can happen in a few phases of ISD, listed with exact probabilities."""

from itertools import product
from typing import Any

import numpy as np

from cl_theory.arguments import probability_inside
from cl_theory.laws.arithmetic import number_like
from cl_theory.laws.coin import repeated_law
from cl_theory.laws.finite import FiniteLaw

History = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def history_law(law: FiniteLaw, p_positive: Any, n_phases: int) -> History:
    """Independent phases and coins in time: (probability (m,), g_positive, g_negative, is_positive).

    Time comes first, gradients (n_phases, m, d) and signs (n_phases, m), as `running_centred_isd` takes them; all
    m = (2 n_atoms)**n_phases histories are listed, atoms outermost and in each the last phase fastest.
    """
    b = number_like(probability_inside(p_positive), law.probability)
    chance, plus, minus = repeated_law(law, n_phases)
    signs = np.array(list(product((True, False), repeat=n_phases)))
    tosses = np.where(signs, b, 1 - b).prod(axis=1)
    positive, negative = (np.moveaxis(np.repeat(rows, len(signs), axis=0), 1, 0) for rows in (plus, minus))
    return np.outer(chance, tosses).ravel(), positive, negative, np.tile(signs, (len(chance), 1)).T


def mean_given_past(probability: np.ndarray, values: np.ndarray, n_phases: int) -> np.ndarray:
    """Mean of rows of `values` (m, d) over the last phase, one row for each past; in the order of `history_law`."""
    n_pasts = 2 ** (n_phases - 1)
    n_atoms = round((len(probability) / 2**n_phases) ** (1 / n_phases))
    shape = n_atoms ** (n_phases - 1), n_atoms, n_pasts, 2
    weight = probability.reshape(shape)
    total = (weight[..., None] * values.reshape(*shape, -1)).sum(axis=(1, 3))
    return (total / weight.sum(axis=(1, 3))[..., None]).reshape(-1, values.shape[-1])
