"""What released scripts do beside the stated algorithms, one difference an arm.

Forward-forward is judged with Adam, as the scripts train it, and plain descent is shown beside it; the arms without a
difference at b = 1/2 are those of "digits-nets". Offline ISD steps after ten positive phases where it is judged; forty
show what larger steps do."""

from functools import partial
from typing import Any

from cl_theory.proof.experiments.definition import Experiment, Slice
from cl_theory.proof.experiments.registered.bars import POINTS, RBM_ON_BARS
from cl_theory.proof.experiments.registered.designs import PHASES, TWO_TERM, compared, every, isd
from cl_theory.proof.experiments.registered.mnist import DIGITS_POINTS, RBM_ON_DIGITS, RBM_ON_MNIST
from cl_theory.proof.experiments.registered.nets import NET_ON_DIGITS
from cl_theory.proof.experiments.registered.rates import BARS, DIGITS, DIGITS_NETS, MNIST

as_scripts = partial(
    Experiment, kind="scripts", seeds=compared(20), seeds_per_cell=20, chapter="20_scripts_and_statements"
)
UNWEIGHTED, LEAKY = {"learner": "unweighted"}, {"learner": "leaky negatives"}


SGD_RATE = 3.0
"""Low enough for weights of 5: plain descent at ten times the rate silences nets of this size for good."""


def _nets(optimiser: str, rate: float) -> dict[str, dict[str, Any]]:
    return {
        f"b = {b:g}, {weights}, {optimiser}": {**isd(b), **learner, "optimiser": optimiser, "rate": rate}
        for b in (0.2, 0.8)
        for weights, learner in (("stated weights", {}), ("weights 1", UNWEIGHTED))
    }


NETS = as_scripts(
    name="scripts-nets",
    title="Forward-forward as in the scripts, on digits",
    question="What do weights by the outcome of the coin do, and negatives that carry the true label?",
    kind="forward-forward",
    settings={**NET_ON_DIGITS, "final": []},
    arms={
        **_nets("adam", DIGITS_NETS["isd, adam"]),
        **_nets("sgd", SGD_RATE),
        "b = 0.5, true labels among negatives": {
            **isd(), **LEAKY, "optimiser": "adam", "rate": DIGITS_NETS["isd, adam"],
        },
        "two-term, true labels among negatives": {
            **TWO_TERM, **LEAKY, "optimiser": "adam", "rate": DIGITS_NETS["two-term, adam"],
        },
    },
    points=every(2000, 20_000, 200),
    again=Slice(("b = 0.2, weights 1, sgd", "b = 0.5, true labels among negatives")),
)  # fmt: skip

FROM_TWO_TERM = {"estimator": "two-term", "rate": BARS["two-term"], "phases": PHASES}


def _offline(b: float, n_positive: int) -> dict[str, Any]:
    return {**isd(b), "n_positive": n_positive}


RBMS = as_scripts(
    name="scripts-bars",
    title="RBMs as in the scripts, on bars and stripes",
    question="What do a warm start, steps along sums, and an energy with half the hidden bias change?",
    settings={**RBM_ON_BARS, "rate": BARS["isd"], "measures": {"nll": 1, "tv": 1, "tv_half_bias": 1}},
    arms={
        "isd from two-term": {**isd(), "after": FROM_TWO_TERM},
        "offline, b = 0.2": _offline(0.2, 10),
        "offline, b = 0.5": _offline(0.5, 10),
        "offline, b = 0.2, n = 40": {**_offline(0.2, 40), "until": 20_000},
        "offline, b = 0.5, n = 40": {**_offline(0.5, 40), "until": 20_000},
    },
    points=POINTS,
    again=Slice(("offline, b = 0.2", "offline, b = 0.5"), seeds=2, until=2000),
)

CAST = {**isd(), "measures": {"error": 1, "error_cast": 1}, "final": []}
CAST_DIGITS = as_scripts(
    name="scripts-digits",
    title="Test images cast to integers, digits",
    question="What error is read off test images that were never thresholded but cast to integers?",
    settings={**RBM_ON_DIGITS, **CAST},
    arms={"isd": {"rate": DIGITS["isd"]}},
    points=DIGITS_POINTS,
    again=Slice(("isd",)),
)

CAST_MNIST = as_scripts(
    name="scripts-mnist",
    title="Test images cast to integers, MNIST",
    question="The same on MNIST, where fewer pixels have full brightness.",
    settings={**RBM_ON_MNIST, **CAST},
    arms={"isd": {"rate": MNIST["isd"]}},
    points=every(4000, 20_000, 400),
    seeds=compared(3),
    seeds_per_cell=1,
    again=Slice(("isd",), seeds=1, until=400),
)

ALL = (NETS, RBMS, CAST_DIGITS, CAST_MNIST)
