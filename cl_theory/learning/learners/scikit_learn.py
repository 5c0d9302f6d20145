"""The RBM as a scikit-learn estimator: fit, partial_fit, transform, score_samples, gibbs."""

import warnings
from typing import Any, Self

import numpy as np
from scipy.sparse import csc_array, csr_array, issparse
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from cl_theory.arguments import positive_integer
from cl_theory.learning.learners.energy_learner import EndOfPhaseLearner
from cl_theory.learning.learners.loop import Randomness, TrainingState
from cl_theory.learning.learners.minibatch import MinibatchLearner
from cl_theory.learning.learners.parts import CHAINS, ESTIMATORS, SGD, Exact, chosen, named_schedule
from cl_theory.learning.models.rbm import RBM

SCHEDULES = ESTIMATORS[:3]
"""Those that learn at the end of phases."""

SATURATED, MANY = 1e-3, 0.5
"""A hidden unit is saturated if its probability stays within this of 0 or of 1; a fit warns of more than this share."""

LOOKED_AT = 500
"""Rows by which saturation is judged."""


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
    rates
        True takes input in [0, 1] as probabilities: bits are drawn anew each time a row is shown.
    visible_start
        Where visible biases start: "log-odds" of the data that are seen first, so that hidden units need not learn how
        often each unit is on, or "zero".
    random_state
        Seed of the starting weights and of learning.

    Input may be dense or sparse (CSR and what becomes CSR); sparse input is never made dense as a whole. Learning runs
    in single precision, and the weights have the type of the input, float32 or float64 (with chain "exact" learning
    runs in double precision).

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
        rates: bool = False,
        visible_start: str = "log-odds",
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
        self.rates = rates
        self.visible_start = visible_start
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from the rows of `X`, from fresh weights; `y` is ignored.

        ConvergenceWarning if most hidden units end saturated: `transform` then tells the rows hardly apart.
        """
        rows = self._rows(X, reset=True)
        self._begin(rows)
        self._learn(rows, positive_integer(self.n_iter, "n_iter"))
        self._warn_if_saturated(rows)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn on from the rows of `X`, as many updates as it takes to show each row once."""
        fresh = not hasattr(self, "_network")
        rows = self._rows(X, reset=fresh)
        if fresh:
            self._begin(rows)
        return self._learn(rows, 1)

    def transform(self, X: Any) -> np.ndarray:
        """P(h = 1 | v) for each row, (n_samples, n_components); rates stand for v themselves."""
        check_is_fitted(self)
        return self._hidden_means(self._rows(X))

    def score_samples(self, X: Any, *, per_feature: bool = False) -> np.ndarray:
        """Pseudo-log-likelihood of each row, (n_samples,), in nats: a sum over all units, no random choice of one.

        The i-th term is log p(v_i | the other units), from the free energies with bit i flipped (Besag 1975). The sum
        grows with the number of features; `per_feature` gives the mean of the terms instead, -log 2 = -0.69 where
        nothing is known, which compares between data of different width. Rates are drawn once.
        """
        check_is_fitted(self)
        rows = self._drawn(self._rows(X))
        weights = self.components_.astype(np.float64)
        visible_bias, n_features = self.intercept_visible_.astype(np.float64), rows.shape[1]
        drive = np.asarray(rows @ weights.T) + self.intercept_hidden_
        softplus, total = np.logaddexp(0, drive).sum(axis=-1), np.zeros(rows.shape[0])
        columns = csc_array(rows) if issparse(rows) else rows
        for i in range(n_features):
            step = 1 - 2 * _column(columns, i)
            flipped = np.logaddexp(0, drive + step[:, None] * weights[:, i]).sum(axis=-1)
            total -= np.logaddexp(0, flipped - softplus + step * visible_bias[i])
        return total / n_features if per_feature else total

    def gibbs(self, v: Any) -> np.ndarray:
        """One Gibbs step of each row, (n_samples, n_features)."""
        check_is_fitted(self)
        rng, mean = self._generator(), self._hidden_means(self._rows(v))
        h = (rng.random(mean.shape) < mean).astype(mean.dtype)
        back = expit(h @ self.components_ + self.intercept_visible_)
        return (rng.random(back.shape) < back).astype(back.dtype)

    @property
    def model_(self) -> RBM:
        """The learned machine, in double precision."""
        check_is_fitted(self, "_network")
        return self._network if self._state is None else self._network.with_flat(self._state.parameters)

    @property
    def components_(self) -> np.ndarray:
        n_hidden, n_visible = self._network.weights.shape
        return self._flat[: n_hidden * n_visible].reshape(n_hidden, n_visible)

    @property
    def intercept_hidden_(self) -> np.ndarray:
        return self._flat[self._network.weights.size + self._network.n_visible :]

    @property
    def intercept_visible_(self) -> np.ndarray:
        first = self._network.weights.size
        return self._flat[first : first + self._network.n_visible]

    @property
    def _flat(self) -> np.ndarray:
        """All parameters, in the type of the input."""
        check_is_fitted(self, "_network")
        flat = self._network.flat if self._state is None else self._state.parameters
        return flat.astype(self._dtype, copy=False)

    @property
    def n_updates_(self) -> int:
        return 0 if self._state is None else self._state.iteration

    @property
    def _n_features_out(self) -> int:
        return self._network.n_hidden

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_network")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _rows(self, X: Any, reset: bool = False) -> Any:
        """Rows of floats in [0, 1], dense or CSR, of bits unless `rates` are asked for."""
        rows = validate_data(self, X, reset=reset, accept_sparse="csr", dtype=(np.float64, np.float32))
        if self.threshold is not None:
            return self._above(rows, self.threshold)
        values = rows.data if issparse(rows) else rows
        if self.rates and not np.all((values >= 0) & (values <= 1)):
            raise ValueError("X must lie in [0, 1] to be taken as rates; scale it, or set threshold")
        if not self.rates and not np.all((values == 0) | (values == 1)):
            raise ValueError("X must hold only 0 and 1, or set threshold to make it so, or rates=True to draw it")
        return rows

    @staticmethod
    def _above(rows: Any, threshold: float) -> Any:
        """1 where `rows` exceed the threshold; sparse rows stay sparse where zeros do not."""
        if not issparse(rows):
            return (rows > threshold).astype(rows.dtype)
        if threshold < 0:
            raise ValueError(f"threshold must be at least 0 for sparse X, whose zeros would be on, got {threshold!r}")
        return csr_array(rows > threshold).astype(rows.dtype)

    def _drawn(self, rows: Any) -> Any:
        """Bits drawn from rates; bits are left alone."""
        if not self.rates or self.threshold is not None:
            return rows
        rng, drawn = self._generator(), rows.copy()
        values = drawn.data if issparse(rows) else drawn
        values[...] = rng.random(values.shape) < values
        return drawn

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31))

    def _hidden_means(self, rows: Any) -> np.ndarray:
        return expit(np.asarray(rows @ self.components_.T) + self.intercept_hidden_)

    def _begin(self, rows: Any) -> None:
        seed = int(check_random_state(self.random_state).randint(2**31))
        n_rows, n_features = rows.shape
        shape = (positive_integer(self.n_components, "n_components"), n_features)
        start = np.random.default_rng(seed).normal(0, 0.01, shape)
        visible = np.zeros(n_features)
        if chosen(("log-odds", "zero"), self.visible_start, "visible_start") == "log-odds":
            on = np.asarray(rows.sum(axis=0), dtype=np.float64).ravel()
            visible = logit((on + 0.5) / (n_rows + 1))  # half a row each way, so that no bias is infinite
        self._network, self._dtype = RBM(start, visible, np.zeros(len(start))), rows.dtype
        self._randomness = Randomness(seed)
        self._state: TrainingState | None = None

    def _learn(self, rows: Any, n_passes: int) -> Self:
        learner = self._learner(rows)
        n_updates = max(1, n_passes * rows.shape[0] // self.batch_size)
        state = learner.start(self._randomness) if self._state is None else self._state
        self._state = learner.advance(state, n_updates, self._randomness)
        return self

    def _learner(self, rows: Any) -> MinibatchLearner | EndOfPhaseLearner:
        chain = chosen(CHAINS, self.chain, "chain")(self.n_steps)
        schedule = named_schedule(chosen(SCHEDULES, self.schedule, "schedule"), self.p_positive)
        parts = schedule, chain, SGD(self.learning_rate), self.batch_size
        if not isinstance(chain, Exact):
            return MinibatchLearner(self._network, rows, *parts)
        if issparse(rows) or self.rates:
            raise ValueError('chain="exact" learns from dense bits; choose another chain for sparse input or rates')
        return EndOfPhaseLearner(self.model_, rows, *parts)

    def _warn_if_saturated(self, rows: Any) -> None:
        mean = self._hidden_means(rows[:: max(1, rows.shape[0] // LOOKED_AT)])
        saturated = np.mean((mean.max(axis=0) < SATURATED) | (mean.min(axis=0) > 1 - SATURATED))
        if saturated > MANY:
            warnings.warn(
                f"{saturated:.0%} of the hidden units are saturated: they are on, or off, whatever the row is; lower "
                f'the learning_rate, or start with visible_start="log-odds"',
                ConvergenceWarning,
                stacklevel=3,
            )


def _column(rows: Any, i: int) -> np.ndarray:
    """Column i of dense or CSC rows, float64."""
    if not issparse(rows):
        return rows[:, i].astype(np.float64)
    here, column = slice(rows.indptr[i], rows.indptr[i + 1]), np.zeros(rows.shape[0])
    column[rows.indices[here]] = rows.data[here]
    return column
