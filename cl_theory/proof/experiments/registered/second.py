"""The second design: fresh seeds, in stages, for what the first left undecided.

Arms of an experiment share first weights, and where their kinds allow it random numbers, seed by seed: values are
paired. A stage is an experiment of its own, with the seeds between two looks; the arms of all stages are the same.
Which question looks at what is in the register of claims, with its margin and its reason.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from cl_theory.proof.experiments.definition import Experiment, ExperimentError, Seeds, Slice, digest_of
from cl_theory.proof.experiments.registered import bars, boltzmann, designs, mnist, nets, scripts
from cl_theory.proof.experiments.registered.rates import BARS, DIGITS_NETS, MNIST, NETS

FRESH = 100_000
"""First seed of the second design."""
CHEAP, DEAR, DEAREST = (80, 160, 320, 640), (20, 40, 80, 160), (20, 40, 80, 120)
"""Looks, in seeds: where a seed of all arms takes seconds, and where it takes minutes."""


@dataclass(frozen=True)
class Staged:
    """An experiment of the second design: `looks` in seeds, and core seconds that a seed of all arms takes."""

    whole: Experiment
    looks: tuple[int, ...]
    seconds: float

    @property
    def stages(self) -> tuple[Experiment, ...]:
        """One experiment a stage, named by the look at its end."""
        first = self.whole.seeds.first
        return tuple(
            replace(self.whole, name=f"{self.whole.name}-{look}", seeds=Seeds(first + before, look - before))
            for before, look in zip((0, *self.looks), self.looks, strict=False)
        )


def _staged(base: Experiment, name: str, looks: tuple[int, ...], seconds: float, **changes: Any) -> Staged:
    return Staged(replace(base, name=name, seeds=Seeds(FRESH, looks[-1]), **changes), looks, seconds)


ON_BARS = {**bars.RBM_ON_BARS, "rate": BARS["isd"], "measures": {"nll": 1}}
SECOND_BARS = _staged(
    bars.COMPARED, "second-bars", CHEAP[:3], 3,
    title="ISD with and without a baseline on bars and stripes, asked again",
    question="Is ISD smoother around a running baseline, at the rate that suits ISD?",
    settings=ON_BARS,
    arms={name: designs.ESTIMATORS[name] for name in ("isd", "centred-isd")},
    again=Slice(("isd", "centred-isd")),
)  # fmt: skip
SECOND_ALWAYS_ON = _staged(
    bars.ALWAYS_ON, "second-always-on", CHEAP, 9,
    title="Always-on learning on bars and stripes, asked again",
    question="What do random lengths cost, and what does a baseline give back, in the typical run?",
    settings={**ON_BARS, "chain": "carried-over"},
    arms={name: own for name, own in bars.WHOLE_RATE.items() if not name.endswith(("poisson", "uniform"))},
    again=Slice(("always-on, geometric", "centred always-on, fixed")),
)  # fmt: skip
INNER_B = designs.B_GRID[1:-1]
SECOND_B = _staged(
    bars.COMPARED, "second-b", CHEAP, 7,
    title="The share of positive phases on bars and stripes, asked again",
    question="Does b matter between 0.2 and 0.8, and is it the variance that picks it?",
    settings={**ON_BARS, **designs.with_moments(ON_BARS, 6)},
    arms=designs.by_b(INNER_B),
    again=Slice(("b = 0.2", "b = 0.8")),
    chapter="16_robustness_to_b",
)  # fmt: skip
SECOND_BOLTZMANN = _staged(
    boltzmann.COMPARED, "second-boltzmann", CHEAP, 3,
    title="A classic Boltzmann machine, asked again",
    question="Does ISD train a machine with coupled hidden units as well as the two-term estimator?",
)  # fmt: skip
SECOND_SCRIPT_BARS = _staged(
    scripts.RBMS, "second-scripts-bars", CHEAP, 9,
    title="RBMs as in the scripts, asked again",
    question="What do a warm start and steps along sums change, beside the same seeds without them?",
    settings=ON_BARS,
    arms={
        "isd": designs.isd(),
        "isd from two-term": scripts.RBMS.arms["isd from two-term"],
        "b = 0.2": designs.isd(0.2),
        "offline, b = 0.2": scripts.RBMS.arms["offline, b = 0.2"],
    },
    seeds_per_cell=20,
    again=Slice(("isd from two-term", "offline, b = 0.2"), seeds=1, until=200),
)  # fmt: skip
SECOND_SCRIPT_NETS = _staged(
    scripts.NETS, "second-scripts-nets", CHEAP, 17,
    title="Forward-forward as in the scripts, asked again",
    question="How many more errors come of weights by outcome, and of true labels among the negatives?",
    settings={**nets.NET_ON_DIGITS, "measures": {"error": 1}, "final": []},
    arms={
        **{name: own for name, own in scripts.NETS.arms.items() if name.startswith("b = ") and "sgd" not in name},
        "b = 0.5": {**designs.isd(), "optimiser": "adam", "rate": DIGITS_NETS["isd, adam"]},
    },
    points=(0, 200, *range(2000, 18_001, 2000), *range(18_250, 20_001, 250)),
    again=Slice(("b = 0.2, weights 1, adam", "b = 0.5, true labels among negatives")),
)  # fmt: skip

MNIST_POINTS = (0, 400, *range(2000, 40_000, 2000), *range(40_000, 80_001, 1000))
SECOND_MNIST = _staged(
    mnist.COMPARED, "second-mnist", DEAR, 95,
    title="Estimators on binarised MNIST at equal drift, asked again",
    question="Is ISD rougher or slower at equal drift, and does a baseline give back what it costs?",
    settings={**mnist.RBM_ON_MNIST, "measures": {"error": 1}, "final": []},
    arms=designs.with_rates(designs.ESTIMATORS, MNIST),
    points=MNIST_POINTS,
    again=Slice(("two-term", "isd"), seeds=1, until=400),
)  # fmt: skip
SECOND_MNIST_B = _staged(
    mnist.BY_B, "second-mnist-b", DEAR, 85,
    title="The share of positive phases on binarised MNIST, asked again",
    question="Does b matter between 0.2 and 0.8, and is it the variance that picks it?",
    settings={**mnist.BY_B.settings, **designs.with_moments({"measures": {"error": 1}}, 23), "final": []},
    arms=designs.by_b(INNER_B),
    points=(0, 400, *range(4000, 72_000, 4000), *range(72_000, 80_001, 2000)),
)  # fmt: skip
FF_POINTS = (0, 200, 1000, *range(3000, 60_000, 3000), *range(60_000, 120_001, 1000))
ONE_RATE = {
    "two-term, sgd, equal drift": {**designs.TWO_TERM, "optimiser": "sgd", "rate": 2 * NETS["isd, sgd"]},
    "two-term, adam, equal drift": {**designs.TWO_TERM, "optimiser": "adam", "rate": 2 * NETS["isd, adam"]},
}
SECOND_NETS = _staged(
    nets.COMPARED, "second-nets", DEAREST, 225,
    title="Estimators for forward-forward on MNIST, asked again",
    question="Is ISD rougher at equal drift, and slower to an error that all nets reach?",
    settings={**nets.NET_ON_MNIST, "measures": {"error": 1}, "final": []},
    arms={name: {**own, "until": 2 * nets.EPOCH}
          for name, own in {**nets.COMPARED.arms, **ONE_RATE}.items()},
    points=FF_POINTS,
)  # fmt: skip

STAGED = {
    one.whole.name: one
    for one in (
        SECOND_BARS, SECOND_ALWAYS_ON, SECOND_B, SECOND_BOLTZMANN, SECOND_SCRIPT_BARS, SECOND_SCRIPT_NETS,
        SECOND_MNIST, SECOND_MNIST_B, SECOND_NETS,
    )
}  # fmt: skip
"""By name, in the order in which they are cheapest to run."""
ALL = tuple(stage for one in STAGED.values() for stage in one.stages)


def require_fresh(second: Iterable[Experiment], others: Iterable[Experiment]) -> None:
    """ExperimentError where an experiment of the second design has seeds on which something was tuned or decided."""
    used = {seed: one.name for one in others for seed in one.seeds}
    for one in second:
        for seed in one.seeds:
            if seed in used:
                raise ExperimentError(f"seed {seed} of {one.name} was used in {used[seed]}; begin at {FRESH} or above")


@cache
def _stated() -> Mapping[str, str]:
    text = resources.files("cl_theory.proof.experiments.registered").joinpath("stated.json").read_text("utf-8")
    return json.loads(text)


def require_as_stated(name: str, content: object, stated: Mapping[str, str] | None = None) -> None:
    """ExperimentError unless `content`, a definition or a question as plain JSON, is what was stated of `name`.

    ``registered/stated.json`` has the digests; it was committed before the first cell, and only grows.
    """
    was, now = (_stated() if stated is None else stated).get(name), digest_of(content)
    if was != now:
        change = "was never stated" if was is None else f"was stated as {was[:12]} and is {now[:12]} now"
        raise ExperimentError(
            f"{name} {change}; undo the change, or state it anew under another name, before its first cell"
        )
