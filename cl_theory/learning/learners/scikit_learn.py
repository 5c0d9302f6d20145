"""The RBM as a scikit-learn estimator: fit, partial_fit, transform, score_samples, gibbs."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from cl_theory.arguments import positive_integer
from cl_theory.learning.learners.energy_learner import EndOfPhaseLearner
from cl_theory.learning.learners.loop import Randomness, TrainingState
from cl_theory.learning.learners.parts import CHAINS, ESTIMATORS, SGD, chosen, named_schedule
from cl_theory.learning.models.rbm import RBM

SCHEDULES = ESTIMATORS[:3]
"""Those that learn at the end of phases."""


class ContrastiveRBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Restricted Boltzmann machine learned from single phases, with scikit-learn's interface.

    Parameters
    ----------
    n_components
        Number of hidden units.
    learning_rate, batch_size, n_iter
        Step size, phases an update, and passes over the data (counted in rows shown to either phase).
    schedule, p_positive
        "two-term", "isd" or "centred-isd", and b for the latter two.
    chain, n_steps
        "cd", "persistent", "carried-over" or "exact", and the Gibbs steps K of a phase.
    threshold
        Input above it is 1. With None the input must be 0 and 1 already, and anything else is refused.
    random_state
        Seed of the starting weights and of learning.

    Attributes
    ----------
    model_ : RBM
    components_, intercept_hidden_, intercept_visible_
        Its weights (n_components, n_features) and biases, under the names of `sklearn.neural_network.BernoulliRBM`.
    n_updates_ : int
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.05,
        batch_size: int = 10,
        n_iter: int = 10,
        schedule: str = "isd",
        p_positive: float = 0.5,
        chain: str = "persistent",
        n_steps: int = 1,
        threshold: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.schedule = schedule
        self.p_positive = p_positive
        self.chain = chain
        self.n_steps = n_steps
        self.threshold = threshold
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from the rows of `X`, from fresh weights; `y` is ignored."""
        rows = self._bits(X, reset=True)
        self._begin(rows.shape[1])
        return self._learn(rows, positive_integer(self.n_iter, "n_iter"))

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn on from the rows of `X`, as many updates as it takes to show each row once."""
        fresh = not hasattr(self, "model_")
        rows = self._bits(X, reset=fresh)
        if fresh:
            self._begin(rows.shape[1])
        return self._learn(rows, 1)

    def transform(self, X: Any) -> np.ndarray:
        """P(h = 1 | v) for each row, (n_samples, n_components)."""
        check_is_fitted(self)
        return self.model_.mean_h_given_v(self._bits(X))

    def score_samples(self, X: Any) -> np.ndarray:
        """Pseudo-log-likelihood of each row, (n_samples,), in nats: a sum over all units, no random choice of one.

        The i-th term is log p(v_i | the other units), from the free energies with bit i flipped (Besag 1975).
        """
        check_is_fitted(self)
        v = self._bits(X)
        drive = v @ self.model_.weights.T + self.model_.hidden_bias
        free, total = self.model_.free_energy(v), np.zeros(len(v))
        for i in range(v.shape[1]):
            step = (1 - 2 * v[:, i])[:, None]
            visible = v @ self.model_.visible_bias + step[:, 0] * self.model_.visible_bias[i]
            flipped = -visible - np.logaddexp(0, drive + step * self.model_.weights[:, i]).sum(axis=-1)
            total -= np.logaddexp(0, free - flipped)
        return total

    def gibbs(self, v: Any) -> np.ndarray:
        """One Gibbs step of each row, (n_samples, n_features)."""
        check_is_fitted(self)
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        return self.model_.sample_v_given_h(rng, self.model_.sample_h_given_v(rng, self._bits(v)))

    @property
    def components_(self) -> np.ndarray:
        return self.model_.weights

    @property
    def intercept_hidden_(self) -> np.ndarray:
        return self.model_.hidden_bias

    @property
    def intercept_visible_(self) -> np.ndarray:
        return self.model_.visible_bias

    @property
    def n_updates_(self) -> int:
        return 0 if self._state is None else self._state.iteration

    @property
    def _n_features_out(self) -> int:
        return self.model_.n_hidden

    def _bits(self, X: Any, reset: bool = False) -> np.ndarray:
        rows = validate_data(self, X, reset=reset, dtype=np.float64)
        if self.threshold is not None:
            return (rows > self.threshold).astype(np.float64)
        if not np.all((rows == 0) | (rows == 1)):
            raise ValueError("X must hold only 0 and 1, or set threshold to make it so")
        return rows

    def _begin(self, n_features: int) -> None:
        seed = int(check_random_state(self.random_state).randint(2**31))
        shape = (positive_integer(self.n_components, "n_components"), n_features)
        start = np.random.default_rng(seed).normal(0, 0.01, shape)
        self.model_ = RBM(start, np.zeros(n_features), np.zeros(len(start)))
        self._randomness = Randomness(seed)
        self._state: TrainingState | None = None

    def _learn(self, rows: np.ndarray, n_passes: int) -> Self:
        learner = self._learner(rows)
        n_updates = max(1, n_passes * len(rows) // self.batch_size)
        state = learner.start(self._randomness) if self._state is None else self._state
        state = learner.advance(state, n_updates, self._randomness)
        self._state, self.model_ = state, self.model_.with_flat(state.parameters)
        return self

    def _learner(self, rows: np.ndarray) -> EndOfPhaseLearner:
        chain = chosen(CHAINS, self.chain, "chain")(self.n_steps)
        schedule = named_schedule(chosen(SCHEDULES, self.schedule, "schedule"), self.p_positive)
        return EndOfPhaseLearner(self.model_, rows, schedule, chain, SGD(self.learning_rate), self.batch_size)
