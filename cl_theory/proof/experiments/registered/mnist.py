"""RBMs of 794 visible units on binarised MNIST with label units, and their small twins on 8x8 digits."""

from functools import partial

from cl_theory.proof.experiments.definition import Experiment, Slice
from cl_theory.proof.experiments.registered.designs import (
    ESTIMATORS,
    SWEEPS,
    TWO_TERM,
    at_rates,
    by_b,
    compared,
    every,
    isd,
    tuned_on,
    with_moments,
    with_rates,
)
from cl_theory.proof.experiments.registered.rates import DIGITS, MNIST

RBM_ON_MNIST = {
    "data": "binarised-mnist",
    "hidden": 16,
    "chain": "persistent",
    "sweeps": SWEEPS,
    "measures": {"error": 1, "test_nll": 5},
    "final": ["error_by_chain"],
}
WITH_MOMENTS = with_moments(RBM_ON_MNIST, 21)
POINTS = every(4000, 80_000, 400)
on_mnist = partial(
    Experiment, kind="rbm", settings=RBM_ON_MNIST, points=POINTS, seeds_per_cell=2, chapter="14_rbm_on_mnist"
)

TUNING = on_mnist(
    name="mnist-tuning",
    title="Learning rates on binarised MNIST",
    question="At which learning rate does each estimator classify best after 80,000 phases?",
    arms=at_rates(ESTIMATORS, (0.008, 0.016, 0.032, 0.064)),
    seeds=tuned_on(4),
    again=Slice(("isd @ 0.008",), seeds=1, until=400),
)

COMPARED = on_mnist(
    name="mnist-estimators",
    title="Estimators on binarised MNIST",
    question="Does an RBM trained with ISD classify as well as one trained with the two-term estimator?",
    arms=with_rates({**ESTIMATORS, "isd": {**isd(), **WITH_MOMENTS}}, MNIST),
    seeds=compared(20),
    again=Slice(("two-term", "isd", "centred-isd"), seeds=1, until=400),
)

SAMPLERS = on_mnist(
    name="mnist-samplers",
    title="Samplers on binarised MNIST",
    question="What changes when negative phases start at the data, or where the last phase ended, as in the source?",
    arms={
        "two-term, cd": {**TWO_TERM, "chain": "cd", "rate": MNIST["two-term"]},
        "isd, carried-over": {**isd(), "chain": "carried-over", "rate": MNIST["isd"]},
    },
    seeds=compared(20),
    again=Slice(("isd, carried-over",), seeds=1, until=400),
)

BY_B = on_mnist(
    name="mnist-b",
    title="The share of positive phases on binarised MNIST",
    question="How does what ISD learns depend on b, at one learning rate for all?",
    settings={**RBM_ON_MNIST, **WITH_MOMENTS, "rate": MNIST["isd"]},
    arms=by_b(),
    seeds=compared(20),
    again=Slice(("b = 0.8",), seeds=1, until=400),
    chapter="16_robustness_to_b",
)

PICTURES = on_mnist(
    name="mnist-pictures",
    title="Weights of one RBM an estimator on binarised MNIST",
    question="What do the receptive fields and the samples look like?",
    settings={**RBM_ON_MNIST, "measures": {"error": 21}, "final": ["error_by_chain", "weights"]},
    arms=with_rates(ESTIMATORS, MNIST),
    seeds=compared(1),
    seeds_per_cell=1,
    again=Slice(("isd",), seeds=1, until=400),
)

RBM_ON_DIGITS = {**RBM_ON_MNIST, "data": "digits", "measures": {"error": 1, "test_nll": 1}}
DIGITS_POINTS = every(1000, 20_000, 200)
on_digits = partial(on_mnist, settings=RBM_ON_DIGITS, points=DIGITS_POINTS)
DIGITS_TUNING = on_digits(
    name="digits-tuning",
    title="Learning rates on digits",
    question="At which learning rate does each estimator classify best after 20,000 phases?",
    arms=at_rates(ESTIMATORS, (0.005, 0.01, 0.02, 0.04, 0.08)),
    seeds=tuned_on(5),
    seeds_per_cell=5,
    again=Slice(("isd @ 0.01",), seeds=1, until=200),
)

DIGITS_COMPARED = on_digits(
    name="digits-estimators",
    title="Estimators on digits",
    question="The same as on binarised MNIST, in small, with data that need no download.",
    arms=with_rates(ESTIMATORS, DIGITS),
    seeds=compared(20),
    seeds_per_cell=20,
    again=Slice(tuple(ESTIMATORS)),
)

ALL = (TUNING, COMPARED, SAMPLERS, PICTURES, BY_B, DIGITS_TUNING, DIGITS_COMPARED)
