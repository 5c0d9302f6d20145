"""Forward-forward nets on MNIST, and their small twins on 8x8 digits."""

from collections.abc import Mapping
from typing import Any

from cl_theory.experiments.definition import Experiment, Slice
from cl_theory.experiments.registered.designs import TWO_TERM, at_rates, compared, every, isd, tuned_on, with_rates
from cl_theory.experiments.registered.rates import DIGITS_NETS, NETS

CHAPTER = "15_forward_forward"
EPOCH = 60_000
NET_ON_MNIST = {
    "data": "mnist",
    "layers": [500, 500],
    "measures": {"error": 1, "loss": 1},
    "final": ["test_error", "train_error"],
}
POINTS = every(EPOCH // 5, 4 * EPOCH, 200, 3000)
ARMS: Mapping[str, Mapping[str, Any]] = {
    # Two epochs of images: under two-term learning each image takes two phases.
    f"{name}, {optimiser}": {**own, "optimiser": optimiser, "until": until}
    for optimiser in ("sgd", "adam")
    for name, own, until in (("two-term", TWO_TERM, 4 * EPOCH), ("isd", isd(), 2 * EPOCH))
}
SGD_RATES, ADAM_RATES = (10.0, 30.0, 100.0, 300.0), (0.003, 0.01, 0.03, 0.1)


def _tuning_arms(sgd: tuple[float, ...], adam: tuple[float, ...], until: int) -> dict[str, dict[str, Any]]:
    """All arms for the same number of phases."""
    plain = {name: {**own, "until": until} for name, own in ARMS.items() if own["optimiser"] == "sgd"}
    scaled = {name: {**own, "until": until} for name, own in ARMS.items() if own["optimiser"] == "adam"}
    return at_rates(plain, sgd) | at_rates(scaled, adam)


TUNING = Experiment(
    name="nets-tuning",
    title="Learning rates of forward-forward on MNIST",
    question="At which learning rate does each estimator make the fewest errors after 60,000 phases?",
    kind="forward-forward",
    settings=NET_ON_MNIST,
    arms=_tuning_arms(SGD_RATES, ADAM_RATES, EPOCH),
    points=POINTS,
    seeds=tuned_on(3),
    seeds_per_cell=3,
    again=Slice(("isd, sgd @ 100",), seeds=1, until=200),
    chapter=CHAPTER,
)

COMPARED = Experiment(
    name="nets-estimators",
    title="Estimators for forward-forward on MNIST",
    question="Does ISD train forward-forward nets as well as the two-term estimator, with SGD and with Adam?",
    kind="forward-forward",
    settings=NET_ON_MNIST,
    arms=with_rates(ARMS, NETS),
    points=POINTS,
    seeds=compared(20),
    seeds_per_cell=2,
    again=Slice(("two-term, sgd", "isd, sgd"), seeds=1, until=200),
    chapter=CHAPTER,
)

NET_ON_DIGITS = {**NET_ON_MNIST, "data": "digits", "layers": [64, 64]}
DIGITS_POINTS = every(2000, 40_000, 200)
DIGITS_ARMS = {
    name: {**own, "until": 40_000 if own["estimator"] == "two-term" else 20_000} for name, own in ARMS.items()
}

DIGITS = Experiment(
    name="digits-nets",
    title="Estimators for forward-forward on digits",
    question="The same as on MNIST, in small, with data that need no download.",
    kind="forward-forward",
    settings=NET_ON_DIGITS,
    arms=with_rates(DIGITS_ARMS, DIGITS_NETS),
    points=DIGITS_POINTS,
    seeds=compared(20),
    seeds_per_cell=20,
    again=Slice(tuple(DIGITS_ARMS), seeds=2, until=200),
    chapter=CHAPTER,
)

ALL = (TUNING, COMPARED, DIGITS)
