"""The share b of positive phases on bars and stripes."""

from cl_theory.proof.experiments.definition import Slice
from cl_theory.proof.experiments.registered.bars import RBM_ON_BARS, WITH_MOMENTS, on_bars
from cl_theory.proof.experiments.registered.designs import at_rates, by_b, compared, tuned_on, with_rates
from cl_theory.proof.experiments.registered.rates import BARS, BARS_AT_B

CHAPTER = "16_robustness_to_b"
AGAIN = ("b = 0.2", "b = 0.8")

TUNING = on_bars(
    name="bars-b-tuning",
    title="Learning rates for each b on bars and stripes",
    question="At which learning rate does ISD at each b reach the best likelihood after 80,000 phases?",
    arms=at_rates(by_b(), (0.00125, 0.0018, 0.0025, 0.0035, 0.005, 0.007)),
    seeds=tuned_on(10),
    seeds_per_cell=10,
    again=Slice(("b = 0.2 @ 0.0025",)),
    chapter=CHAPTER,
)

COMPARED = on_bars(
    name="bars-b",
    title="The share of positive phases on bars and stripes",
    question="How does what ISD learns depend on b, at one learning rate for all?",
    settings={**RBM_ON_BARS, **WITH_MOMENTS, "rate": BARS["isd"]},
    arms=by_b(),
    seeds=compared(40),
    again=Slice(AGAIN),
    chapter=CHAPTER,
)

TUNED = on_bars(
    name="bars-b-tuned",
    title="The share of positive phases on bars and stripes, each b at its own rate",
    question="How does what ISD learns depend on b, when every b has the learning rate that suits it?",
    arms=with_rates(by_b(), BARS_AT_B),
    seeds=compared(40),
    again=Slice(AGAIN),
    chapter=CHAPTER,
)

ALL = (TUNING, COMPARED, TUNED)
