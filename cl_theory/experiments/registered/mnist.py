"""RBMs of 794 visible units on binarised MNIST with label units, and their small twins on 8x8 digits."""

from cl_theory.experiments.definition import Experiment, Slice
from cl_theory.experiments.registered.designs import ESTIMATORS, SWEEPS, at_rates, every, tuned_on

CHAPTER = "14_rbm_on_mnist"
RBM_ON_MNIST = {
    "data": "binarised-mnist",
    "hidden": 16,
    "chain": "persistent",
    "sweeps": SWEEPS,
    "measures": {"error": 1, "test_nll": 5},
    "final": ["error_by_chain"],
}
POINTS = every(4000, 80_000, 400)

TUNING = Experiment(
    name="mnist-tuning",
    title="Learning rates on binarised MNIST",
    question="At which learning rate does each estimator classify best after 80,000 phases?",
    kind="rbm",
    settings=RBM_ON_MNIST,
    arms=at_rates(ESTIMATORS, (0.004, 0.008, 0.016, 0.032)),
    points=POINTS,
    seeds=tuned_on(4),
    seeds_per_cell=2,
    again=Slice(("isd @ 0.008",), seeds=1, until=400),
    chapter=CHAPTER,
)

ALL = (TUNING,)
