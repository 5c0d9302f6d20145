"""Forward-forward nets that learn around a running baseline, under one arm of an experiment."""

from collections.abc import Sequence
from typing import Any

from cl_theory.experiments import forward_forward_runs as plain
from cl_theory.experiments.definition import Seeds, Settings
from cl_theory.experiments.tracing import traced
from cl_theory.learning.centred_net_learner import CentredNetLearner
from cl_theory.learning.named import OPTIMISERS
from cl_theory.learning.schedules import ISD
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.seeds import FIXED_ROOT, stream

ROWS_A_PHASE = 1.0


def run(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """Train one net a seed and measure it at `points`."""
    measuring = plain._measuring(settings, plain.loaded(settings["data"]))
    return traced(centred_learner(settings, seeds), points, FIXED_ROOT, measuring, ROWS_A_PHASE)


def centred_learner(settings: Settings, seeds: Seeds) -> CentredNetLearner:
    """The nets, images and phases of an arm "isd" on these seeds, around a baseline."""
    data, rate = plain.loaded(settings["data"]), float(settings["rate"])
    sizes = (data["train"].shape[1], *settings["layers"])
    return CentredNetLearner(
        tuple(ForwardForward.random(stream(FIXED_ROOT, "experiments", "start", seed), sizes) for seed in seeds),
        data["train"],
        data["train_labels"],
        (ISD(settings["schedule"]["b"]),) * len(seeds),
        (rate,) * len(seeds),
        OPTIMISERS[settings["optimiser"]](rate),  # type: ignore[call-arg, arg-type]
        numbers=tuple(seeds),
        baseline_rate=settings["schedule"]["baseline_rate"],
    )
