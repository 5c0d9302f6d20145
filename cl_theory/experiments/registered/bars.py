"""RBMs of 16 x 16 units on 4 x 4 bars and stripes: estimators, samplers, always-on learning."""

from cl_theory.experiments.definition import Experiment, Slice
from cl_theory.experiments.registered.designs import ESTIMATORS, SWEEPS, always_on, at_rates, every, tuned_on

CHAPTER = "13_rbm_on_bars"
RBM_ON_BARS = {
    "data": "bars-and-stripes",
    "hidden": 16,
    "chain": "persistent",
    "sweeps": SWEEPS,
    "measures": {"nll": 1, "tv": 1},
}
POINTS = every(2000, 80_000, 200)
RATES = (0.0018, 0.0025, 0.0035, 0.005, 0.007, 0.01, 0.014, 0.02)

TUNING = Experiment(
    name="bars-tuning",
    title="Learning rates on bars and stripes",
    question="At which learning rate does each estimator reach the best likelihood after 80,000 phases?",
    kind="rbm",
    settings=RBM_ON_BARS,
    arms=at_rates({**ESTIMATORS, "always-on": always_on("fixed")}, RATES),
    points=POINTS,
    seeds=tuned_on(20),
    seeds_per_cell=20,
    again=Slice(("two-term @ 0.01", "isd @ 0.005", "centred-isd @ 0.005", "always-on @ 0.005"), seeds=2, until=2000),
    chapter=CHAPTER,
)

ALL = (TUNING,)
