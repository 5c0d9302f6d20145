"""The scikit-learn face of the RBM: its contract, its numbers, and what it refuses."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from cl_theory.learning.learners.loop import LearningDiverged
from cl_theory.learning.learners.scikit_learn import ContrastiveRBM
from cl_theory.learning.models.images import labelled_digits
from cl_theory.learning.models.rbm import all_states

DIGITS, LABELS = labelled_digits(label_units=False)


def small(**changes) -> ContrastiveRBM:
    return ContrastiveRBM(8, n_iter=2, random_state=0).set_params(**changes)


@pytest.mark.parametrize("schedule", ["isd", "two-term"])
def test_the_contract_of_scikit_learn_is_kept(schedule: str) -> None:
    """With a threshold any real input is meant; without one the estimator rightly refuses most of the checks' data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)  # the array API check needs an environment variable
        check_estimator(ContrastiveRBM(4, n_iter=2, threshold=0.0, schedule=schedule))


def test_score_samples_sums_the_log_conditionals_of_each_unit() -> None:
    data = all_states(5)[::3]
    model = small(n_components=3, learning_rate=0.3, n_iter=50).fit(data)
    free = model.model_.free_energy
    for row, found in zip(data, model.score_samples(data), strict=True):
        expected = 0.0
        for i in range(5):
            other = row.copy()
            other[i] = 1 - other[i]
            expected -= np.log1p(np.exp(free(row) - free(other)))
        assert found == pytest.approx(expected, rel=1e-10)


def test_learning_raises_the_pseudo_likelihood_of_digits() -> None:
    once, later = (small(n_components=32, n_iter=n).fit(DIGITS).score_samples(DIGITS).mean() for n in (1, 10))
    assert later > once > -64 * np.log(2)


def test_features_of_digits_feed_a_pipeline() -> None:
    model = make_pipeline(small(n_components=64, n_iter=15), LogisticRegression(max_iter=400))
    assert model.fit(DIGITS[:1200], LABELS[:1200]).score(DIGITS[1200:], LABELS[1200:]) > 0.8


def test_transform_gives_hidden_means_in_the_shape_and_names_expected() -> None:
    model = small().fit(DIGITS)
    features = model.transform(DIGITS[:5])
    assert features.shape == (5, 8)
    drive = DIGITS[:5] @ model.components_.T + model.intercept_hidden_
    np.testing.assert_allclose(features, 1 / (1 + np.exp(-drive)))
    assert model.get_feature_names_out()[-1] == "contrastiverbm7"
    assert model.intercept_visible_.shape == (64,)


def test_the_same_random_state_gives_the_same_bits() -> None:
    once, again, other = (small(random_state=s).fit(DIGITS).components_ for s in (0, 0, 1))
    assert once.tobytes() == again.tobytes()
    assert once.tobytes() != other.tobytes()


def test_partial_fit_goes_on_and_two_passes_are_a_fit_of_two() -> None:
    whole = small(n_iter=2, batch_size=1).fit(DIGITS[:40])
    parts = small(batch_size=1).partial_fit(DIGITS[:40]).partial_fit(DIGITS[:40])
    assert parts.n_updates_ == whole.n_updates_ == 80
    assert parts.components_.tobytes() == whole.components_.tobytes()


def test_gibbs_steps_are_bits_of_the_same_shape() -> None:
    step = small().fit(DIGITS).gibbs(DIGITS[:7])
    assert step.shape == (7, 64)
    assert set(np.unique(step)) <= {0.0, 1.0}


def test_a_clone_is_unfitted_and_says_so() -> None:
    with pytest.raises(NotFittedError):
        clone(small().fit(DIGITS)).transform(DIGITS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": "three-term"}, "schedule must be one of two-term, isd, centred-isd"),
        ({"chain": "long"}, "chain must be one of persistent, cd"),
        ({"p_positive": 1.0}, "p_positive must lie strictly between 0 and 1"),
        ({"n_steps": 0}, "n_steps must be an integer above 0"),
        ({"n_components": 0}, "n_components"),
        ({"batch_size": 0}, "batch_size"),
        ({"n_iter": 0}, "n_iter"),
        ({"learning_rate": 0.0}, "learning_rate"),
    ],
)
def test_parameters_that_cannot_work_are_refused_at_fit(changes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**changes).fit(DIGITS[:20])


def test_input_that_is_no_bits_is_refused_unless_a_threshold_is_set() -> None:
    with pytest.raises(ValueError, match="only 0 and 1, or set threshold"):
        small().fit(DIGITS * 0.5)
    small(threshold=0.25).fit(DIGITS[:20] * 0.5)


def test_a_learning_rate_that_blows_up_is_stopped() -> None:
    with pytest.raises(LearningDiverged, match="lower the learning rate"):
        small(learning_rate=500.0, n_iter=5).fit(DIGITS)
