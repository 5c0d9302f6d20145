"""Always-on learning without its noise: the mean drift on bars and stripes, and a small RBM of many copies."""

from cl_theory.proof.experiments.definition import Experiment, Slice
from cl_theory.proof.experiments.registered.designs import compared, every
from cl_theory.proof.experiments.registered.rates import BARS

CHAPTER = "18_always_on_on_bars"
FLOW = {"hidden": 16, "b": 0.5, "rate": BARS["isd"]}

FLOWS = Experiment(
    name="bars-flow",
    title="The mean drift of always-on learning on bars and stripes",
    question="What would always-on learning do to the loss, were there no noise but only the predicted bias?",
    kind="mean-flow",
    settings=FLOW,
    arms={
        "gradient of the loss": {"centred": False, "second_moment": 0.0},
        "always-on, fixed": {"centred": False, "second_moment": 1.0},
        "always-on, geometric": {"centred": False, "second_moment": 2.0},
        "centred always-on, fixed": {"centred": True, "second_moment": 1.0},
        "centred always-on, geometric": {"centred": True, "second_moment": 2.0},
    },
    points=every(2000, 20_000, 200),
    seeds=compared(2),
    seeds_per_cell=1,
    again=Slice(("always-on, fixed",), seeds=1, until=200),
    chapter=CHAPTER,
)

COPIES = {"size": 3, "hidden": 8, "first_weights": 0.1, "sweeps": 50, "copies": 512}
FIXED = {"b": 0.5, "length_law": "fixed"}
GEOMETRIC = {"b": 0.5, "length_law": "geometric"}
BASELINE = {"baseline_rate": 0.02}

SMALL = Experiment(
    name="small-bars",
    title="Always-on learning of many copies on small bars and stripes",
    question="Is the drift of always-on ISD the predicted one, with and without a baseline?",
    kind="shared-always-on",
    settings=COPIES,
    arms={
        "always-on, fixed, slow": {"rate": 0.02, "schedule": FIXED},
        "always-on, fixed": {"rate": 0.05, "schedule": FIXED, "until": 3200},
        "always-on, geometric": {"rate": 0.05, "schedule": GEOMETRIC, "until": 3200},
        "centred always-on, fixed": {"rate": 0.05, "schedule": {**FIXED, **BASELINE}, "until": 3200},
    },
    points=every(400, 8000),
    seeds=compared(6),
    seeds_per_cell=2,
    again=Slice(("always-on, fixed", "centred always-on, fixed"), seeds=1, until=400),
    chapter=CHAPTER,
)

ALL = (FLOWS, SMALL)
