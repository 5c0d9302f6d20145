"""The share b of positive phases on bars and stripes."""

from cl_theory.experiments.definition import Experiment, Slice
from cl_theory.experiments.registered.bars import POINTS, RBM_ON_BARS
from cl_theory.experiments.registered.designs import at_rates, by_b, tuned_on

CHAPTER = "16_robustness_to_b"

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
    again=Slice(("b = 0.2 @ 0.0025",), seeds=2, until=2000),
    chapter=CHAPTER,
)

ALL = (TUNING,)
