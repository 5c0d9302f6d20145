"""RBMs of 16 x 16 units on 4 x 4 bars and stripes: estimators, samplers, always-on learning."""

from functools import partial

from cl_theory.proof.experiments.definition import Experiment, Slice
from cl_theory.proof.experiments.registered.designs import (
    ESTIMATORS,
    SWEEPS,
    TWO_TERM,
    always_on,
    at_rates,
    compared,
    every,
    isd,
    tuned_on,
    with_moments,
    with_rates,
)
from cl_theory.proof.experiments.registered.rates import BARS

RBM_ON_BARS = {
    "data": "bars-and-stripes",
    "hidden": 16,
    "chain": "persistent",
    "sweeps": SWEEPS,
    "measures": {"nll": 1, "tv": 1},
}
POINTS = every(2000, 80_000, 200)
on_bars = partial(
    Experiment, kind="rbm", settings=RBM_ON_BARS, points=POINTS, seeds_per_cell=20, chapter="13_rbm_on_bars"
)
RATES = (0.0025, 0.0035, 0.005, 0.007, 0.01, 0.014, 0.02)

TUNING = on_bars(
    name="bars-tuning",
    title="Learning rates on bars and stripes",
    question="At which learning rate does each estimator reach the best likelihood after 80,000 phases?",
    arms=at_rates(ESTIMATORS, RATES),
    seeds=tuned_on(20),
    again=Slice(("two-term @ 0.01", "isd @ 0.005", "centred-isd @ 0.005")),
)

WITH_MOMENTS = with_moments(RBM_ON_BARS, 6)
COMPARED_ARMS = with_rates({**ESTIMATORS, "isd": {**isd(), **WITH_MOMENTS}}, BARS) | {
    "isd, rate of two-term": {**isd(), "rate": BARS["two-term"]},
    "centred-isd, rate of two-term": {**ESTIMATORS["centred-isd"], "rate": BARS["two-term"]},
}

COMPARED = on_bars(
    name="bars-estimators",
    title="Estimators on bars and stripes",
    question="Does ISD learn as well as the two-term estimator, and does centring remove its cost?",
    arms=COMPARED_ARMS,
    seeds=compared(40),
    again=Slice(("two-term", "isd", "centred-isd")),
)

SAMPLED = {"two-term": {**TWO_TERM, "rate": BARS["two-term"]}} | {
    name: {**isd(b), "rate": BARS["isd"]} for name, b in (("isd", 0.5), ("isd, b = 0.2", 0.2), ("isd, b = 0.8", 0.8))
}

SAMPLERS = on_bars(
    name="bars-samplers",
    title="Samplers on bars and stripes",
    question="How much of the difference between two algorithms is the chain of the negative phase, not the estimator?",
    arms={
        f"{name}, {chain}": {**own, "chain": chain}
        for name, own in SAMPLED.items()
        for chain in ("persistent", "carried-over", "cd")
    },
    seeds=compared(40),
    again=Slice(("isd, cd", "isd, b = 0.2, carried-over")),
)

WHOLE_RATE = (
    {"end of phase": isd()}
    | {f"always-on, {law}": always_on(law) for law in ("fixed", "geometric", "poisson", "uniform")}
    | {f"centred always-on, {law}": always_on(law, centred=True) for law in ("fixed", "geometric")}
)
HALF_THE_RATE = {
    f"{name}, half the rate": {**own, "rate": BARS["isd"] / 2}
    for name, own in WHOLE_RATE.items()
    if not name.endswith(("poisson", "uniform"))
}

ALWAYS_ON = on_bars(
    name="bars-always-on",
    title="Always-on learning on bars and stripes",
    question="What does ISD lose when it never stops learning, with phases of fixed or random length, and why?",
    settings={**RBM_ON_BARS, "chain": "carried-over", "rate": BARS["isd"]},
    arms=WHOLE_RATE | HALF_THE_RATE,
    seeds=compared(40),
    again=Slice(("always-on, fixed", "always-on, geometric", "centred always-on, fixed")),
    chapter="18_always_on_on_bars",
)

ALL = (TUNING, COMPARED, SAMPLERS, ALWAYS_ON)
