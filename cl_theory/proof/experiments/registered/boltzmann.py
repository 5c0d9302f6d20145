"""The classic Boltzmann machine, with weights between hidden units, on bars and stripes."""

from cl_theory.proof.experiments.definition import Slice
from cl_theory.proof.experiments.registered.bars import RATES, RBM_ON_BARS, on_bars
from cl_theory.proof.experiments.registered.designs import TWO_TERM, at_rates, compared, isd, tuned_on, with_rates

CHAPTER = "19_trade_offs"
MACHINE_ON_BARS = {**RBM_ON_BARS, "hidden": 8, "sweeps": 50}
ESTIMATORS = {"two-term": TWO_TERM, "isd": isd()}
CHOSEN = {"two-term": 0.014, "isd": 0.005}
"""Each the best of the grid in the stored tuning run."""

TUNING = on_bars(
    name="boltzmann-tuning",
    title="Learning rates of a classic Boltzmann machine",
    question="At which learning rate does each estimator reach the best likelihood after 80,000 phases?",
    kind="boltzmann",
    settings=MACHINE_ON_BARS,
    arms=at_rates(ESTIMATORS, RATES),
    seeds=tuned_on(10),
    seeds_per_cell=10,
    again=Slice(("two-term @ 0.01", "isd @ 0.005")),
    chapter=CHAPTER,
)

COMPARED = on_bars(
    name="boltzmann-estimators",
    title="Estimators for a classic Boltzmann machine",
    question="Does ISD train a machine with coupled hidden units as well as the two-term estimator?",
    kind="boltzmann",
    settings=MACHINE_ON_BARS,
    arms=with_rates(ESTIMATORS, CHOSEN),
    seeds=compared(20),
    again=Slice(tuple(ESTIMATORS)),
    chapter=CHAPTER,
)

ALL = (TUNING, COMPARED)
