"""The systems of two phases: rational RBMs, walls, drifted answers, dreams cut short; and what is drawn."""

from fractions import Fraction

import numpy as np

from cl_theory.learning.models.rational_rbm import RationalRBM
from cl_theory.learning.models.rbm import RBM, all_states
from cl_theory.proof.checks.statement_checks import drawing_check
from cl_theory.proof.systems import real_models as systems
from cl_theory.proof.systems.real_models import RealModel
from cl_theory.theory.estimators import contrastive_statements as stated
from cl_theory.theory.estimators.symbols import bias_of_feedback, dreamt, mean_D, seen, slope, start, sweep
from cl_theory.theory.system import System


def test_the_phases_do_not_see_a_wall() -> None:
    equal = systems.walls()[0]
    assert (equal(slope), equal(seen), equal(dreamt)) == (Fraction(1, 2), 0, 0)


def test_its_own_answers_bring_no_bias_and_drifted_ones_spare_the_visible_biases() -> None:
    own, drifted = (systems.drifted_feedback(Fraction(f), ((3, 2),))[0] for f in ("1", "9/10"))
    assert not any(own(bias_of_feedback))
    assert (drifted(mean_D) - drifted(slope)).tolist() == drifted(bias_of_feedback).tolist()
    assert not any(drifted(bias_of_feedback)[6:9])


def test_one_sweep_that_starts_at_equilibrium_stays_there() -> None:
    rbm = RationalRBM([[1, 1]], [1, 1], [1])  # all states equally likely: each row once is the model itself
    chain = systems.sweep_chain(rbm, all_states(2))
    assert (chain[start] @ chain[sweep]).tolist() == chain[start].tolist()
    mean = stated.AFTER_ONE_SWEEP.right_value(System("chain", chain)).ravel()
    assert mean.tolist() == rbm.phase_moments(all_states(2)).mean_negative.tolist()


def small_model(data: np.ndarray) -> RealModel:
    return RealModel("small", RBM.random(np.random.default_rng(3), 5, 4, scale=1.0), data)


def drawn(model: RealModel) -> tuple:  # type: ignore[type-arg]
    return drawing_check(stated.UNBIASED_TWO_TERM, systems.phases_of(model), 2, ("cl-gradient", "tests"))


def test_a_sampler_of_other_data_is_caught() -> None:
    model, other = small_model(all_states(5)[:9]), small_model(all_states(5)[1:10])
    model.__dict__["sampler"] = other.sampler  # the target comes from the moments of this model
    assert model.moments is not other.moments
    assert [drawn(each)[0].passed for each in (other, model)] == [True, False]
