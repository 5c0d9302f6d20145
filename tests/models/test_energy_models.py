"""Everything an RBM or a Boltzmann machine says follows from its energy, by enumeration or by finite differences."""

import numpy as np
import pytest

from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import log_probability_v, sample_exactly, total_variation
from cl_theory.learning.models.rbm import RBM, all_states

SMALL = RBM.random(np.random.default_rng(5), 3, 2, 1.0)
MACHINE = BoltzmannMachine.random(np.random.default_rng(0), 4, 3, 1.0)
MODELS = [
    SMALL,
    RBM.random(np.random.default_rng(1), 3, 5, 1.0),
    RBM(np.random.default_rng(2).normal(size=(3, 4)), np.zeros(4), np.zeros(3)),
    MACHINE,
    BoltzmannMachine.random(np.random.default_rng(2), 5, 1, 1.0),
    BoltzmannMachine.random(np.random.default_rng(3), 1, 2, 1.0),
]
EVERY = pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{type(m).__name__} {m.n_visible} x {m.n_hidden}")
EITHER = pytest.mark.parametrize("model", [SMALL, MACHINE], ids=lambda m: type(m).__name__)


def energy_by_loops(m, v: np.ndarray, h: np.ndarray) -> float:
    """The energy, unit by unit, pair by pair."""
    total = -sum(m.visible_bias[i] * v[i] for i in range(m.n_visible))
    total -= sum(m.hidden_bias[j] * h[j] for j in range(m.n_hidden))
    total -= sum(m.weights[j, i] * h[j] * v[i] for j in range(m.n_hidden) for i in range(m.n_visible))
    if isinstance(m, BoltzmannMachine):
        total -= sum(m.hidden_weights[j, k] * h[j] * h[k] for j in range(m.n_hidden) for k in range(j))
    return total


def joint_weights(m) -> np.ndarray:
    """exp(-E) of every joint state, (2**n_visible, 2**n_hidden), from the loops above."""
    v, h = all_states(m.n_visible), all_states(m.n_hidden)
    return np.array([[np.exp(-energy_by_loops(m, a, b)) for b in h] for a in v])


def joint_states(m) -> tuple[np.ndarray, np.ndarray]:
    """All (v, h), in the order of `joint_weights` by rows."""
    n_v, n_h = 2**m.n_visible, 2**m.n_hidden
    return np.repeat(all_states(m.n_visible), n_h, axis=0), np.tile(all_states(m.n_hidden), (n_v, 1))


@EVERY
def test_energies_of_all_kinds_sum_over_units_and_pairs(model) -> None:
    weights, v, h = joint_weights(model), all_states(model.n_visible), all_states(model.n_hidden)
    np.testing.assert_allclose(model.energy(v[:, None], h[None]), -np.log(weights), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.free_energy(v), -np.log(weights.sum(axis=1)), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.hidden_free_energy(h), -np.log(weights.sum(axis=0)), rtol=1e-12, atol=1e-12)
    assert model.log_partition() == pytest.approx(np.log(weights.sum()), rel=1e-12)
    law = weights.sum(axis=1) / weights.sum()
    np.testing.assert_allclose(log_probability_v(model, v), np.log(law), rtol=1e-11)
    assert model.negative_log_likelihood(v[[0, 1, 1]]) == pytest.approx(-np.log(law[[0, 1, 1]]).mean(), rel=1e-12)


@EVERY
def test_the_conditionals_are_ratios_of_the_joint_law(model) -> None:
    weights, v, h = joint_weights(model), all_states(model.n_visible), all_states(model.n_hidden)
    given_v, given_h = weights / weights.sum(axis=1, keepdims=True), (weights / weights.sum(axis=0)).T
    np.testing.assert_allclose(model.mean_h_given_v(v), given_v @ h, rtol=1e-12)
    np.testing.assert_allclose(model.mean_v_given_h(h), given_h @ v, rtol=1e-12)


@EVERY
def test_the_gradient_is_the_finite_difference_of_the_energy(model) -> None:
    v, h = joint_states(model)
    steps = np.eye(model.flat.size)
    slope = [
        (model.with_flat(model.flat + e).energy(v, h) - model.with_flat(model.flat - e).energy(v, h)) / 2 for e in steps
    ]
    np.testing.assert_allclose(model.gradient(v, h), np.transpose(slope), atol=1e-12)  # the energy is linear
    bits = v.astype(bool), h.astype(bool)
    np.testing.assert_array_equal(model.gradient(*bits), model.gradient(v, h))
    pairs = model.gradient(np.stack([v, v], axis=1), np.stack([h, h], axis=1))
    np.testing.assert_array_equal(pairs[:, 1], model.gradient(v, h))


def test_gradient_rows_are_ordered_weights_visible_hidden():
    row = SMALL.gradient(np.array([1.0, 0, 1]), np.array([0.0, 1]))
    assert row.tolist() == [0, 0, 0, -1, 0, -1, -1, 0, -1, 0, -1]


@EITHER
def test_the_likelihood_gradient_is_positive_minus_negative_phase(model) -> None:
    weights, rows = joint_weights(model), [1, 5, 5, 2]
    g = model.gradient(*joint_states(model)).reshape(*weights.shape, -1)
    given_v = weights / weights.sum(axis=1, keepdims=True)
    positive = np.mean([given_v[k] @ g[k] for k in rows], axis=0)
    negative = np.einsum("vh,vhp->p", weights / weights.sum(), g)

    def loss(flat: np.ndarray) -> float:
        return model.with_flat(flat).negative_log_likelihood(all_states(model.n_visible)[rows])

    slope = [(loss(model.flat + e) - loss(model.flat - e)) / 2e-5 for e in 1e-5 * np.eye(model.flat.size)]
    np.testing.assert_allclose(positive - negative, slope, atol=1e-9)


N = 40_000
LIMIT = 45.0  # a chi-square variable with 7 degrees of freedom exceeds this once in 10^7 draws


def chi_square(states: np.ndarray, law: np.ndarray) -> float:
    counts = np.bincount((states @ 2 ** np.arange(states.shape[1])).astype(int), minlength=len(law))
    return float(((counts - len(states) * law) ** 2 / (len(states) * law)).sum())


@EITHER
def test_draws_of_one_layer_follow_its_law_given_the_other(model) -> None:
    weights, rng = joint_weights(model), np.random.default_rng(10)
    given_v, given_h = weights / weights.sum(axis=1, keepdims=True), (weights / weights.sum(axis=0)).T
    h = model.sample_h_given_v(rng, np.tile(all_states(model.n_visible)[6], (N, 1)))
    assert chi_square(h, given_v[6]) < LIMIT < chi_square(h, given_v[5])
    v = model.sample_v_given_h(rng, np.tile(all_states(model.n_hidden)[3], (N, 1)))
    assert chi_square(v, given_h[3]) < LIMIT < chi_square(v, given_h[2])


def test_a_gibbs_sweep_keeps_the_conditional_law_and_one_with_other_hidden_weights_drifts() -> None:
    other = BoltzmannMachine(MACHINE.weights, MACHINE.visible_bias, MACHINE.hidden_bias, 0.9 * MACHINE.hidden_weights)
    v, law = np.tile(all_states(4)[6], (4 * N, 1)), joint_weights(MACHINE)[6] / joint_weights(MACHINE)[6].sum()
    found = []
    for machine in (MACHINE, other):
        rng = np.random.default_rng(12)
        h = MACHINE.sample_h_given_v(rng, v)
        for _ in range(16):
            h = machine.gibbs_h_given_v(rng, v, h)
        found.append(chi_square(h, law))
    assert found[0] < LIMIT < found[1]


@EVERY
def test_total_variation_is_half_the_summed_distance_over_all_states(model) -> None:
    rows = np.array([0, 1, 1, 5, 7]) % 2**model.n_visible
    weights, empirical = joint_weights(model), np.bincount(rows, minlength=2**model.n_visible) / 5
    whole = 0.5 * np.abs(weights.sum(axis=1) / weights.sum() - empirical).sum()
    assert total_variation(model, all_states(model.n_visible)[rows]) == pytest.approx(whole, rel=1e-11)
    uniform = RBM(np.zeros((2, 3)), np.zeros(3), np.zeros(2))
    assert total_variation(uniform, all_states(3)) == pytest.approx(0, abs=1e-14)


@EVERY
def test_exact_draws_follow_the_joint_law(model) -> None:
    n = 60_000
    v, h = sample_exactly(np.random.default_rng(4), model, n)
    i, j = (s @ (1 << np.arange(s.shape[1])) for s in (v, h))
    expected = joint_weights(model) / joint_weights(model).sum() * n
    counts = np.zeros_like(expected)
    np.add.at(counts, (i.astype(int), j.astype(int)), 1)
    rare = expected < 5
    statistic = ((counts - expected)[~rare] ** 2 / expected[~rare]).sum()
    degrees = (~rare).sum()
    assert statistic < degrees + 5.5 * np.sqrt(2 * degrees) + 20  # a false alarm in 10^7 draws (Laurent-Massart)
    assert counts[rare].sum() < expected[rare].sum() + 6 * np.sqrt(expected[rare].sum() + 1)


def test_large_weights_stay_finite():
    steep = SMALL.with_flat(2000 * SMALL.flat)
    assert np.isfinite(steep.negative_log_likelihood(all_states(3)))
    assert np.isfinite(steep.mean_h_given_v(all_states(3))).all()


@EVERY
def test_flat_parameters_go_there_and_back_and_cannot_be_changed_from_outside(model) -> None:
    np.testing.assert_array_equal(model.with_flat(-model.flat).with_flat(model.flat).flat, model.flat)
    with pytest.raises(ValueError, match=rf"shape \({model.flat.size},\)"):
        model.with_flat(model.flat[:-1])
    weights = np.zeros((2, 3))
    copied = RBM(weights, np.zeros(3), np.zeros(2))
    weights[0, 0] = 7
    assert copied.weights[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        model.weights[0, 0] = 1


WHOLE = {
    "weights": np.zeros((3, 4)), "visible_bias": np.zeros(4), "hidden_bias": np.zeros(3),
    "hidden_weights": np.zeros((3, 3)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"visible_bias": np.zeros(3)}, "weights must have shape"),
        ({"hidden_bias": np.zeros(4)}, "weights must have shape"),
        ({"weights": np.zeros((4, 3))}, r"weights must have shape \(n_hidden, n_visible\), got \(4, 3\)"),
        ({"hidden_weights": np.zeros((4, 4))}, "hidden_weights must have shape"),
        ({"hidden_weights": np.triu(np.ones((3, 3)), 1)}, "symmetric"),
        ({"hidden_weights": np.eye(3)}, "zero diagonal"),
        ({"hidden_bias": np.array([0, np.nan, 0])}, "hidden_bias must be finite"),
    ],
)
def test_parameters_that_make_no_model_are_refused(change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BoltzmannMachine(**{**WHOLE, **change})
    if "hidden_weights" not in change:
        with pytest.raises(ValueError, match=message):
            RBM(**{name: array for name, array in {**WHOLE, **change}.items() if name != "hidden_weights"})


def test_data_and_numbers_that_cannot_be_used_are_refused():
    with pytest.raises(ValueError, match="only 0 and 1"):
        SMALL.negative_log_likelihood(np.array([[0, 0.5, 1]]))
    with pytest.raises(ValueError, match="rows of 3 units"):
        SMALL.negative_log_likelihood(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="rows of 4 units"):
        total_variation(MACHINE, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="scale"):
        RBM.random(np.random.default_rng(0), 2, 2, scale=0)
    with pytest.raises(ValueError, match="n_samples"):
        sample_exactly(np.random.default_rng(0), SMALL, 0)
