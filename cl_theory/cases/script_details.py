"""Details of scripts that are no algorithm: a generator shared with a look at the network, images cast to integers."""

import numpy as np

from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.experiments.rbm_runs import loaded as loaded_rows
from cl_theory.experiments.script_runs import cast_pixels
from cl_theory.models.rbm import RBM
from cl_theory.seeds import stream

RATE, N_PHASES, LOOK_AFTER = 0.02, 50, 25
N_LABELS = 10


def weights_learned(training: np.random.Generator, evaluation: np.random.Generator | None = None) -> np.ndarray:
    """W (16, 16) after 50 one-step phases of ISD on bars and stripes, all drawn from `training`.

    Half-way hidden states are drawn for every row, from `evaluation`, as an evaluation would: it changes no weight.
    """
    rows, h = bars_and_stripes(4), np.zeros((1, 16))
    rbm = RBM(np.zeros((16, 16)), np.zeros(16), np.zeros(16))
    for phase in range(N_PHASES):
        weight = 2 if training.random() < 0.5 else -2
        data = rows[[training.integers(len(rows))]]
        v = data if weight > 0 else rbm.sample_v_given_h(training, h)
        h = rbm.sample_h_given_v(training, v)
        rbm = rbm.with_flat(rbm.flat - RATE * weight * rbm.gradient(v, h)[0])
        if evaluation is not None and phase == LOOK_AFTER:
            rbm.sample_h_given_v(evaluation, rows)
    return rbm.weights


def moved_by_a_look(seed: int) -> dict[str, float]:
    """By how much the look moves the weight that it moves most: with one generator for both, and with a stream each."""
    unseen, shared = weights_learned(stream(seed, "training")), stream(seed, "training")
    seen = {
        "one generator": weights_learned(shared, shared),
        "a stream each": weights_learned(stream(seed, "training"), stream(seed, "evaluation")),
    }
    return {name: float(np.abs(weights - unseen).max()) for name, weights in seen.items()}


def ink_kept_by_a_cast() -> float:
    """Share of the bright pixels of the test digits that are left when shades are cast to integers."""
    return float(cast_pixels("digits").sum() / loaded_rows("digits")["test"][:, :-N_LABELS].sum())
