"""A kind of learner that learns nothing, with one experiment of it: for tests of the machinery, here and in workers.

Workers are given this file as a preload of Dask, or run it as the main program of a subprocess: then it is the
command line, with no other experiment than this.
"""

import os
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from cl_theory.proof.experiments import definition as kinds  # noqa: E402
from cl_theory.proof.experiments import registered as registry  # noqa: E402
from cl_theory.proof.experiments.definition import Experiment, Seeds, Slice  # noqa: E402

LOG, SECONDS = "TINY_KIND_LOG", "TINY_KIND_SECONDS"
"""Variables: a folder to note each computed cell in, and how long a cell takes."""


def run(settings, seeds, points):
    """One value a seed and point: rate * seed + point; an arm may diverge, or be impossible."""
    _note(settings, seeds)
    if "missing" in settings:
        raise FileNotFoundError(settings["missing"])
    reached = [point for point in points if point <= settings.get("diverges", points[-1])]
    curve = [[settings["rate"] * seed + point for seed in seeds] for point in reached]
    whole = len(reached) == len(points)
    return {
        "axes": {name: [float(point) for point in reached] for name in ("phases", "steps")},
        "curves": {"nll": curve, "tv": [None if place % 2 else values for place, values in enumerate(curve)]},
        "final": {name: [float(seed) for seed in seeds] for name in settings.get("final", ())} if whole else {},
        "diverged": None if whole else {"update": reached[-1], "value": "inf"},
    }


def _note(settings, seeds):
    """Two cells at once never note the same name, so that a cell computed twice shows as two files."""
    if LOG in os.environ:
        name = f"{settings['rate']}-{seeds.first}-{time.time_ns()}-{os.getpid()}"
        (Path(os.environ[LOG]) / name).touch()
    time.sleep(float(os.environ.get(SECONDS, 0)))


TINY = Experiment(
    name="tiny",
    title="A tiny experiment",
    question="Does the machinery work?",
    kind="tiny",
    settings={"final": ["end"]},
    arms={"one": {"rate": 1.0}, "two": {"rate": 2.0}, "three": {"rate": 3.0}},
    points=(0, 10, 20),
    seeds=Seeds(5, 8),
    seeds_per_cell=2,
    again=Slice(("one",), seeds=2, until=10),
    chapter="13_tiny",
)
"""Twelve cells."""


def install():
    """Make the tiny kind known, and its experiment the only one, in this process."""
    kinds.RUNNERS = {**kinds.RUNNERS, "tiny": "tiny_kind:run"}
    registry.ALL = (TINY,)
    registry.all_experiments.cache_clear()


def dask_setup(worker):
    """Called by Dask in a worker that has this file as a preload."""
    install()


if __name__ in ("__main__", "__mp_main__"):
    install()
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without it
    from cl_theory.proof.command_line import main

    main()
