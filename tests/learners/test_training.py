"""Training: it learns, it is reproducible, and what cannot work is refused by name."""

import numpy as np
import pytest

from cl_theory.learning.learners.loop import LearningDiverged
from cl_theory.learning.learners.parts import (
    ISD,
    SGD,
    Adam,
    AlwaysOnISD,
    CarriedOver,
    CentredISD,
    ContrastiveDivergence,
    Exact,
    Momentum,
    Persistent,
    TwoTerm,
)
from cl_theory.learning.learners.train import train
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.images import bars_and_stripes, best_negative_log_likelihood
from cl_theory.learning.models.rbm import RBM
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric

BAS = bars_and_stripes(4)


def fresh(n_hidden: int = 16, n_visible: int = 16) -> RBM:
    return RBM.random(np.random.default_rng(1), n_visible, n_hidden, 0.01)


def small() -> RBM:
    return RBM.random(np.random.default_rng(1), 4, 6, 0.3)


@pytest.mark.parametrize("schedule", [TwoTerm(), ISD(0.5), CentredISD(0.5)], ids=repr)
def test_bars_and_stripes_are_learned_by_every_end_of_phase_schedule(schedule) -> None:
    run = train(
        fresh(), BAS, schedule, n_phases=3000, chain=Persistent(2), optimiser=SGD(0.08), batch_size=32, seed=2,
        record_every=10**6,
    )  # fmt: skip
    first, last = 32 * run.curves["nll"][[0, -1]]
    assert first == pytest.approx(32 * 16 * np.log(2), rel=0.01)  # nothing is known at the start
    assert best_negative_log_likelihood(4) < last < 0.6 * first
    assert run.curves["tv"][-1] < run.curves["tv"][0]


@pytest.mark.parametrize("length", [Fixed(4), Geometric(4)], ids=repr)
def test_a_small_set_is_learned_by_learning_that_is_always_on(length) -> None:
    data = bars_and_stripes(2)
    run = train(
        small(), data, AlwaysOnISD(0.5, length=length), n_phases=2000, optimiser=SGD(0.15), batch_size=16,
        seed=3, record_every=10**6,
    )  # fmt: skip
    first, last = 8 * run.curves["nll"][[0, -1]]
    assert best_negative_log_likelihood(2) < last < 0.95 * first


@pytest.mark.parametrize("chain", [ContrastiveDivergence(2), Persistent(2), CarriedOver(2), Exact()], ids=repr)
@pytest.mark.parametrize("network", [small(), BoltzmannMachine.random(np.random.default_rng(0), 4, 4, 0.3)])
def test_every_chain_policy_learns_on_both_kinds_of_machine(network, chain) -> None:
    data = bars_and_stripes(2)
    run = train(network, data, ISD(0.5), n_phases=1500, chain=chain, optimiser=SGD(0.1), batch_size=16, seed=4)
    assert run.curves["nll"][-1] < 0.95 * run.curves["nll"][0]


@pytest.mark.parametrize("optimiser", [SGD(0.1), Momentum(0.01), Adam(0.01)], ids=repr)
def test_every_optimiser_learns(optimiser) -> None:
    run = train(small(), bars_and_stripes(2), ISD(0.4), n_phases=2000, optimiser=optimiser, batch_size=16, seed=5)
    assert run.curves["nll"][-1] < 0.95 * run.curves["nll"][0]


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not() -> None:
    once, again, other = (train(fresh(), BAS, n_phases=200, seed=s, measures={}) for s in (6, 6, 7))
    assert once.model.flat.tobytes() == again.model.flat.tobytes()
    assert once.model.flat.tobytes() != other.model.flat.tobytes()


def test_recording_does_not_touch_the_learned_weights() -> None:
    data = bars_and_stripes(2)
    often, never = (train(small(), data, n_phases=60, seed=8, record_every=n).model for n in (1, 10**6))
    assert often.flat.tobytes() == never.flat.tobytes()


def test_without_visible_biases_they_stay_at_zero() -> None:
    start = RBM(fresh().weights, np.zeros(16), np.zeros(16))
    run = train(start, BAS, n_phases=100, visible_biases=False, seed=9, measures={})
    assert not run.model.visible_bias.any()
    assert run.model.hidden_bias.any()


def test_weight_decay_is_off_by_default_and_shrinks_weights() -> None:
    plain, none, decayed = (
        train(fresh(), BAS, n_phases=300, seed=10, measures={}, **extra).model
        for extra in ({}, {"weight_decay": 0.0}, {"weight_decay": 0.5})
    )
    assert plain.flat.tobytes() == none.flat.tobytes()
    assert np.linalg.norm(decayed.weights) < np.linalg.norm(plain.weights)


def test_curves_count_phases_and_time_steps_alike_for_all_schedules() -> None:
    for schedule in (TwoTerm(), ISD(0.3), AlwaysOnISD(0.3, length=Fixed(3))):
        run = train(fresh(), BAS, schedule, n_phases=40, chain=Persistent(3), seed=11, measures={})
        assert run.curves["phases"][-1] == 40
        assert run.curves["steps"][-1] == 120


def test_a_learning_rate_that_blows_up_is_stopped_with_step_and_value() -> None:
    with pytest.raises(
        LearningDiverged, match=r"iteration \d+: a parameter reached -?\d.*lower the learning rate"
    ) as e:
        train(fresh(), BAS, n_phases=1000, optimiser=SGD(200.0), seed=12, measures={})
    assert abs(e.value.value) > 100
    assert e.value.iteration > 0


def test_one_hidden_unit_and_one_data_row_are_enough() -> None:
    run = train(fresh(1), BAS[:1], n_phases=500, seed=13)
    assert run.curves["nll"][-1] < run.curves["nll"][0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((0, 16)), "non-empty"),
        (np.zeros((4, 15)), "rows of 16 units"),
        (np.zeros(16), "rows of 16 units"),
        (np.full((4, 16), 0.5), "only 0 and 1"),
        (np.full((4, 16), np.nan), "only 0 and 1"),
        (np.full((4, 16), -1), "only 0 and 1"),
        (np.full((4, 16), "a"), "data must hold numbers"),
    ],
)
def test_data_that_are_no_bits_are_refused(data, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(fresh(), data, n_phases=10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_phases": 0}, "n_phases must be an integer above 0"),
        ({"n_phases": 10, "batch_size": 0}, "batch_size must be an integer above 0"),
        ({"n_phases": 10, "weight_decay": -0.1}, "weight_decay"),
        ({"n_phases": 10, "record_every": 0}, "record_every"),
        ({"n_phases": 10, "seed": -1}, "seed"),
        ({"n_phases": 10, "visible_biases": False}, "without visible biases"),
    ],
)
def test_arguments_that_cannot_work_are_refused_by_name(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(fresh(), BAS, **arguments)


def test_an_unknown_option_is_named_beside_those_there_are() -> None:
    with pytest.raises(TypeError, match="unknown option epochs; there are seed, measures"):
        train(fresh(), BAS, n_phases=10, epochs=3)
