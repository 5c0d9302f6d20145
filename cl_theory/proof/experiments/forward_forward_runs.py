"""Forward-forward nets under one arm of an experiment: from plain settings to what was measured."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from cl_theory.learning.learners.net_learner import LeakyNegativesNetLearner, NetReplicaLearner, UnweightedNetLearner
from cl_theory.learning.learners.parts import OPTIMISERS, TwoTerm, named_schedule
from cl_theory.learning.models.forward_forward import ForwardForward, predicted_labels
from cl_theory.learning.models.images import labelled_digits
from cl_theory.learning.models.mnist import mnist
from cl_theory.proof.experiments.definition import Seeds, Settings
from cl_theory.proof.experiments.rbm_runs import N_LABELS, N_TEST_DIGITS
from cl_theory.proof.experiments.tracing import Measuring, traced
from cl_theory.seeds import FIXED_ROOT, stream

LEARNERS: Mapping[str, type[NetReplicaLearner]] = {
    "as stated": NetReplicaLearner,
    "unweighted": UnweightedNetLearner,
    "leaky negatives": LeakyNegativesNetLearner,
}
N_ALONG_THE_WAY = 2000
"""Test images that a point of the curve is judged by; the end is judged by all."""

Measure = Callable[[list[ForwardForward]], np.ndarray]


def run(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """Train one net a seed and measure it at `points`; see `traced` for what comes back."""
    learner = learner_of(settings, seeds)
    # Both images of a pair are one row; under ISD every phase shows a row of its own.
    rows_a_phase = 0.5 if isinstance(learner.schedule, TwoTerm) else 1.0
    return traced(learner, points, FIXED_ROOT, _measuring(settings, loaded(settings["data"])), rows_a_phase)


def learner_of(settings: Settings, seeds: Seeds) -> NetReplicaLearner:
    """The nets of an arm, one a seed. Seed for seed all kinds of ISD meet the same images in the same phases."""
    data, rate = loaded(settings["data"]), float(settings["rate"])
    schedule = named_schedule(settings["estimator"], **settings.get("schedule", {}))
    sizes = (data["train"].shape[1], *settings["layers"])
    return LEARNERS[settings.get("learner", "as stated")](
        tuple(ForwardForward.random(stream(FIXED_ROOT, "experiments", "start", seed), sizes) for seed in seeds),
        data["train"],
        data["train_labels"],
        (schedule,) * len(seeds),
        (rate,) * len(seeds),
        OPTIMISERS[settings["optimiser"]](rate),  # type: ignore[call-arg, arg-type]
        numbers=tuple(seeds),
    )


@lru_cache(maxsize=1)
def loaded(name: str) -> dict[str, np.ndarray]:
    """Images in [0, 1] as float32 with labels, for training and for testing."""
    if name == "mnist":
        (train, labels), (test, test_labels) = mnist("train"), mnist("test")
        images = train / 255, test / 255
    elif name == "digits":
        bits, labels = labelled_digits(label_units=False)
        bits = np.concatenate([np.zeros((len(bits), N_LABELS)), bits], axis=1)  # 8x8 digits fill their first pixels
        n = len(bits) - N_TEST_DIGITS
        images, labels, test_labels = (bits[:n], bits[n:]), labels[:n], labels[n:]
    else:
        raise ValueError(f"data must be mnist or digits, got {name!r}")
    first, last = (part.astype(np.float32) for part in images)
    return {"train": first, "train_labels": labels, "test": last, "test_labels": test_labels}


def _measuring(settings: Settings, data: dict[str, np.ndarray]) -> Measuring:
    few = _error(data["test"][:N_ALONG_THE_WAY], data["test_labels"][:N_ALONG_THE_WAY])
    known = {
        "error": few,
        "test_error": _error(data["test"], data["test_labels"]),
        "train_error": _error(data["train"][:10_000], data["train_labels"][:10_000]),
        "loss": _loss(data),
    }
    curves = {name: (known[name], every) for name, every in settings["measures"].items()}
    return Measuring(curves, {name: known[name] for name in settings.get("final", ())})


def _error(images: np.ndarray, labels: np.ndarray) -> Measure:
    """Share of images whose label of largest goodness is wrong."""
    return lambda nets: np.array([np.mean(predicted_labels(net, images, dtype=np.float32) != labels) for net in nets])


def _loss(data: dict[str, np.ndarray]) -> Measure:
    """Contrastive loss summed over layers, mean over 1000 training images with their label and with the next one."""
    images, labels = data["train"][:1000].copy(), data["train_labels"][:1000]
    shown = np.concatenate([images, images])
    shown[:, :N_LABELS] = np.eye(N_LABELS)[np.concatenate([labels, (labels + 1) % N_LABELS])]
    signs = np.repeat([True, False], len(images))
    return lambda nets: np.array([2 * net.layer_losses(shown, signs).sum(axis=1).mean() for net in nets])
