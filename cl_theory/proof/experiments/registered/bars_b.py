"""The share b of positive phases on bars and stripes."""

from cl_theory.proof.experiments.definition import Experiment, Slice
from cl_theory.proof.experiments.registered.bars import POINTS, RBM_ON_BARS, WITH_MOMENTS
from cl_theory.proof.experiments.registered.designs import at_rates, by_b, compared, tuned_on, with_rates
from cl_theory.proof.experiments.registered.rates import BARS, BARS_AT_B

CHAPTER = "16_robustness_to_b"
AGAIN = ("b = 0.2", "b = 0.8")

TUNING = Experiment(
    name="bars-b-tuning",
    title="Learning rates for each b on bars and stripes",
    question="At which learning rate does ISD at each b reach the best likelihood after 80,000 phases?",
    kind="rbm",
    settings=RBM_ON_BARS,
    arms=at_rates(by_b(), (0.00125, 0.0018, 0.0025, 0.0035, 0.005, 0.007)),
    points=POINTS,
    seeds=tuned_on(10),
    seeds_per_cell=10,
    again=Slice(("b = 0.2 @ 0.0025",), seeds=2, until=200),
    chapter=CHAPTER,
)

COMPARED = Experiment(
    name="bars-b",
    title="The share of positive phases on bars and stripes",
    question="How does what ISD learns depend on b, at one learning rate for all?",
    kind="rbm",
    settings={**RBM_ON_BARS, **WITH_MOMENTS, "rate": BARS["isd"]},
    arms=by_b(),
    points=POINTS,
    seeds=compared(40),
    seeds_per_cell=20,
    again=Slice(AGAIN, seeds=2, until=200),
    chapter=CHAPTER,
)

TUNED = Experiment(
    name="bars-b-tuned",
    title="The share of positive phases on bars and stripes, each b at its own rate",
    question="How does what ISD learns depend on b, when every b has the learning rate that suits it?",
    kind="rbm",
    settings=RBM_ON_BARS,
    arms=with_rates(by_b(), BARS_AT_B),
    points=POINTS,
    seeds=compared(40),
    seeds_per_cell=20,
    again=Slice(AGAIN, seeds=2, until=200),
    chapter=CHAPTER,
)

ALL = (TUNING, COMPARED, TUNED)
