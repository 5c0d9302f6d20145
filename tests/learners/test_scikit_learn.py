"""The scikit-learn face of the RBM: its contract, its numbers, and what it refuses."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array, csr_matrix, random_array
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError, SkipTestWarning
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
    scores = []
    for seed in range(3):
        rbm = small(n_components=64, n_iter=15, random_state=seed)
        model = make_pipeline(rbm, LogisticRegression(max_iter=400))
        scores.append(model.fit(DIGITS[:1200], LABELS[:1200]).score(DIGITS[1200:], LABELS[1200:]))
    assert np.mean(scores) > 0.8


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
        ({"visible_start": "mean"}, "visible_start must be one of log-odds, zero"),
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
    with pytest.raises(ValueError, match="only 0 and 1, or set threshold to make it so, or rates=True"):
        small().fit(DIGITS * 0.5)
    small(threshold=0.25).fit(DIGITS[:20] * 0.5)


def test_a_learning_rate_that_blows_up_is_stopped() -> None:
    with pytest.raises(LearningDiverged, match="lower the learning rate") as stopped:
        small(learning_rate=500.0, n_iter=5).fit(DIGITS)
    assert "checkpoint" not in str(stopped.value)


@pytest.mark.parametrize("schedule", ["two-term", "isd", "centred-isd"])
@pytest.mark.parametrize("chain", ["cd", "persistent", "carried-over"])
def test_sparse_input_gives_the_bits_of_dense_input(schedule: str, chain: str) -> None:
    given = [small(schedule=schedule, chain=chain).fit(rows) for rows in (DIGITS, csr_array(DIGITS))]
    assert given[0].components_.tobytes() == given[1].components_.tobytes()
    again = [m.partial_fit(rows) for m, rows in zip(given, (DIGITS, csr_matrix(DIGITS)), strict=True)]
    assert again[0].components_.tobytes() == again[1].components_.tobytes()
    np.testing.assert_allclose(again[0].transform(csr_array(DIGITS)), again[0].transform(DIGITS), rtol=1e-12)
    np.testing.assert_allclose(again[0].score_samples(csr_array(DIGITS)), again[0].score_samples(DIGITS), rtol=1e-12)


def test_sparse_input_is_never_made_dense_as_a_whole(monkeypatch) -> None:
    """20,000 features in 400 rows: dense they would take 64 MB, and no method of theirs that makes them dense runs."""
    rows = random_array((400, 20_000), density=0.002, format="csr", rng=np.random.default_rng(0))
    rows.data[:] = 1

    def refuse(*arguments, **options):
        raise AssertionError("made dense")

    for kind in (csr_array, csc_array, csr_matrix):
        for name in ("toarray", "todense"):
            monkeypatch.setattr(kind, name, refuse)
    model = small(n_components=20).fit(rows)
    assert model.partial_fit(rows).transform(rows).shape == (400, 20)
    assert model.score_samples(rows[:20], per_feature=True).shape == (20,)


def test_rare_features_leave_hidden_units_free_to_tell_rows_apart() -> None:
    """From biases of 0 every hidden unit is driven to 1 by rows that are nearly all off; from the log odds none is."""
    rows = random_array((300, 5000), density=0.002, format="csr", rng=np.random.default_rng(0))
    rows.data[:] = 1
    with pytest.warns(ConvergenceWarning, match="hidden units are saturated"):
        stuck = small(n_components=20, n_iter=20, visible_start="zero").fit(rows)
    assert stuck.transform(rows).min() > 0.999
    free = small(n_components=20, n_iter=20).fit(rows)  # a warning would be an error here
    assert free.transform(rows).std(axis=0).min() > 0.01


def test_visible_biases_start_at_the_log_odds_of_the_data() -> None:
    data = np.array([[1.0, 0, 1], [1, 0, 0], [1, 0, 1], [1, 0, 0]])
    model = small(learning_rate=1e-12, n_iter=1).fit(data)
    np.testing.assert_allclose(model.intercept_visible_, np.log([4.5 / 0.5, 0.5 / 4.5, 1.0]), rtol=1e-6, atol=1e-7)
    assert not small(learning_rate=1e-12, n_iter=1, visible_start="zero").fit(data).intercept_visible_.round(9).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("chain", ["persistent", "exact"])
def test_weights_and_features_have_the_type_of_the_input(dtype, chain: str) -> None:
    rows = DIGITS[:50].astype(dtype)
    model = small(chain=chain).fit(rows)
    for array in (model.components_, model.intercept_hidden_, model.intercept_visible_, model.transform(rows)):
        assert array.dtype == dtype
    assert model.gibbs(rows).dtype == dtype
    assert model.model_.weights.dtype == np.float64


def test_the_score_per_feature_is_the_mean_of_its_terms() -> None:
    model = small().fit(DIGITS)
    total, mean = model.score_samples(DIGITS[:9]), model.score_samples(DIGITS[:9], per_feature=True)
    np.testing.assert_allclose(mean, total / 64, rtol=1e-12)
    empty = small(learning_rate=1e-9, visible_start="zero", n_iter=1).fit(DIGITS[:10])
    empty._state = None  # back to its start, where next to nothing is known
    assert empty.score_samples(DIGITS[:9], per_feature=True).mean() == pytest.approx(-np.log(2), abs=0.02)


def test_rates_are_drawn_each_time_and_give_visible_biases_their_log_odds() -> None:
    rates = np.tile([0.1, 0.5, 0.9], (200, 1))
    model = small(rates=True, learning_rate=0.02, n_iter=30, n_components=1).fit(rates)
    free = np.random.default_rng(0).random((2000, 3)).round()
    for _ in range(30):
        free = model.gibbs(free)
    assert np.abs(free.mean(axis=0) - rates[0]).max() < 0.1
    assert set(np.unique(model.gibbs(rates))) <= {0.0, 1.0}
    drive = rates @ model.components_.T + model.intercept_hidden_
    np.testing.assert_allclose(model.transform(rates), 1 / (1 + np.exp(-drive)), rtol=1e-6)
    with pytest.raises(ValueError, match="lie in \\[0, 1\\]"):
        small(rates=True).fit(rates * 2)


def test_what_sparse_input_cannot_have_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0 for sparse X"):
        small(threshold=-1.0).fit(csr_array(DIGITS))
    with pytest.raises(ValueError, match="dense bits"):
        small(chain="exact").fit(csr_array(DIGITS))
    above = small(threshold=0.5).fit(csr_array(DIGITS * 0.7))
    assert above.components_.tobytes() == small().fit(DIGITS).components_.tobytes()
