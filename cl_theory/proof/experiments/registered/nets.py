"""Forward-forward nets on MNIST, and their small twins on 8x8 digits."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cl_theory.proof.experiments.definition import Experiment, Slice
from cl_theory.proof.experiments.registered.designs import (
    TWO_TERM,
    centred_isd,
    compared,
    every,
    isd,
    tuned_on,
    with_rates,
)
from cl_theory.proof.experiments.registered.rates import DIGITS_NETS, NETS, NETS_CENTRED

EPOCH = 60_000
NET_ON_MNIST = {
    "data": "mnist",
    "layers": [500, 500],
    "measures": {"error": 1, "loss": 1},
    "final": ["test_error", "train_error"],
}
POINTS = every(EPOCH // 5, 4 * EPOCH, 200, 3000)
on_mnist = partial(
    Experiment, kind="forward-forward", settings=NET_ON_MNIST, points=POINTS, chapter="15_forward_forward"
)
ARMS: Mapping[str, Mapping[str, Any]] = {
    # Two epochs of images: under two-term learning each image takes two phases.
    f"{name}, {optimiser}": {**own, "optimiser": optimiser, "until": until}
    for optimiser in ("sgd", "adam")
    for name, own, until in (("two-term", TWO_TERM, 4 * EPOCH), ("isd", isd(), 2 * EPOCH))
}
CENTRED_ARMS: Mapping[str, Mapping[str, Any]] = {
    f"centred-isd, {optimiser}": {**centred_isd(), "optimiser": optimiser, "until": 2 * EPOCH}
    for optimiser in ("sgd", "adam")
}
RATES = {"sgd": (10.0, 30.0, 100.0, 300.0), "adam": (0.003, 0.01, 0.03, 0.1)}


def _tuning_arms(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each arm for an epoch of phases, at each rate of its optimiser's grid."""
    return {
        f"{name} @ {rate:g}": {**own, "until": EPOCH, "rate": rate}
        for optimiser, rates in RATES.items()
        for name, own in arms.items()
        if own["optimiser"] == optimiser
        for rate in rates
    }


TUNING = on_mnist(
    name="nets-tuning",
    title="Learning rates of forward-forward on MNIST",
    question="At which learning rate does each estimator make the fewest errors after 60,000 phases?",
    arms=_tuning_arms(ARMS),
    seeds=tuned_on(3),
    seeds_per_cell=3,
    again=Slice(("isd, sgd @ 100",), seeds=1, until=200),
)

COMPARED = on_mnist(
    name="nets-estimators",
    title="Estimators for forward-forward on MNIST",
    question="Does ISD train forward-forward nets as well as the two-term estimator, with SGD and with Adam?",
    arms=with_rates(ARMS, NETS),
    seeds=compared(20),
    seeds_per_cell=2,
    again=Slice(("two-term, sgd", "isd, sgd"), seeds=1, until=200),
)

NET_ON_DIGITS = {**NET_ON_MNIST, "data": "digits", "layers": [64, 64]}
DIGITS_POINTS = every(2000, 40_000, 200)
DIGITS_ARMS = {
    name: {**own, "until": 40_000 if own["estimator"] == "two-term" else 20_000} for name, own in ARMS.items()
}

DIGITS = on_mnist(
    name="digits-nets",
    title="Estimators for forward-forward on digits",
    question="The same as on MNIST, in small, with data that need no download.",
    settings=NET_ON_DIGITS,
    arms=with_rates(DIGITS_ARMS, DIGITS_NETS),
    points=DIGITS_POINTS,
    seeds=compared(20),
    seeds_per_cell=20,
    again=Slice(tuple(DIGITS_ARMS)),
)

CENTRED_TUNING = replace(
    TUNING,
    name="nets-centred-tuning",
    title="Learning rates of centred forward-forward on MNIST",
    question="At which learning rate does centred ISD make the fewest errors after 60,000 phases?",
    arms=_tuning_arms(CENTRED_ARMS),
    again=Slice(("centred-isd, sgd @ 100",), seeds=1, until=200),
)

CENTRED = replace(
    COMPARED,
    name="nets-centred",
    title="Centred ISD for forward-forward on MNIST",
    question="Does a running baseline give back what ISD costs, with SGD and with Adam?",
    arms=with_rates(CENTRED_ARMS, NETS_CENTRED),
    again=Slice(("centred-isd, sgd",), seeds=1, until=200),
)

DIGITS_CENTRED = replace(
    DIGITS,
    name="digits-nets-centred",
    title="Centred ISD for forward-forward on digits",
    question="The same as on MNIST, in small, at the rates of ISD without a baseline.",
    arms={
        name: {**own, "until": 20_000, "rate": DIGITS_NETS[name.removeprefix("centred-")]}
        for name, own in CENTRED_ARMS.items()
    },
    again=Slice(tuple(CENTRED_ARMS)),
)

ALL = (TUNING, COMPARED, DIGITS, CENTRED_TUNING, CENTRED, DIGITS_CENTRED)
