"""Training on the command line: choices filled in, the run, its measures and results."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cl_theory.arguments import positive_integer
from cl_theory.learning.learners.likelihood import exact_measures
from cl_theory.learning.learners.loop import (
    Curves,
    Learner,
    Measures,
    Randomness,
    TrainingRun,
    run_learner,
    write_atomically,
)
from cl_theory.learning.learners.parts import CHAINS, ESTIMATORS, LENGTHS, OPTIMISERS, Schedule, chosen, named_schedule
from cl_theory.learning.learners.train import learner_of, net_learner_of
from cl_theory.learning.models import forward_forward
from cl_theory.learning.models.boltzmann import BoltzmannMachine
from cl_theory.learning.models.exact_law import annealed_negative_log_likelihood, label_probabilities
from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm import MAX_UNITS, RBM
from cl_theory.proof.experiments import forward_forward_runs, rbm_runs
from cl_theory.seeds import stream

MODELS = ("rbm", "boltzmann", "forward-forward")
DATA = ("digits", "bas", "mnist")


def filled_in(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The options with those that were left open filled in for the model, the estimator and the optimiser."""
    layered = asked["model"] == "forward-forward"
    usual: dict[str, Any] = {
        "hidden": 100 if layered else 16,
        "phases": 20_000 if asked["estimator"] == "always-on-isd" else 100_000,
        "optimiser": "adam" if layered else "sgd",
    }
    whole: dict[str, Any] = {name: usual.get(name) if value is None else value for name, value in asked.items()}
    if whole["learning_rate"] is None:
        whole["learning_rate"] = usual_learning_rate(whole["optimiser"], whole["estimator"], layered)
    return whole


def usual_learning_rate(optimiser: str, estimator: str, layered: bool) -> float:
    """A step size that learns with one chain or image at a time."""
    if layered:
        return 0.01 if optimiser == "adam" else 0.1
    plain = 0.005 if estimator == "always-on-isd" else 0.002
    return {"momentum": plain / 10, "adam": 0.0005}.get(optimiser, plain)


def rows(data: str, model: str, size: int) -> Mapping[str, np.ndarray]:
    """The named data: bits with label units for energy models, images with room for a label for forward-forward.

    "train" and "test", and "test_labels" where there are labels; "train_labels" for forward-forward.
    """
    chosen(DATA, data, "--data")
    if model == "forward-forward":
        if data == "bas":
            raise ValueError("--model forward-forward needs labelled data: use --data digits or mnist")
        return forward_forward_runs.loaded(data)
    if data == "bas":
        images = bars_and_stripes(size)
        return {"train": images, "test": images}
    return rbm_runs.loaded("binarised-mnist" if data == "mnist" else data)


def starting_model(model: str, n_inputs: int, n_hidden: int, rng: np.random.Generator) -> Any:
    """The model before learning: weights N(0, 0.01^2) and no biases, or forward-forward's two layers."""
    chosen(MODELS, model, "--model")
    if n_hidden < 1:
        raise ValueError(f"--hidden must be an integer above 0, got {n_hidden}")
    if model == "forward-forward":
        return ForwardForward.random(rng, (n_inputs, n_hidden, n_hidden))
    weights = 0.01 * rng.standard_normal((n_hidden, n_inputs))
    if model == "rbm":
        return RBM(weights, np.zeros(n_inputs), np.zeros(n_hidden))
    return BoltzmannMachine(weights, np.zeros(n_inputs), np.zeros(n_hidden), np.zeros((n_hidden, n_hidden)))


def schedule(estimator: str, b: float, order: str, length: int, length_law: str, baseline_rate: float) -> Schedule:
    """The schedule of an estimator's name."""
    chosen(ESTIMATORS, estimator, "--estimator")
    chosen(LENGTHS, length_law, "--length-law")
    centred = None if estimator == "always-on-isd" else baseline_rate
    return named_schedule(estimator, b, order, length, length_law, centred)


LARGEST_SET = 500
"""Measures on more rows than this would cost more than learning."""


def measures(model: Any, data: Mapping[str, np.ndarray], seed: int) -> Measures:
    """Named measures that fit the model and the data: likelihood and distance, error on test rows, or both."""
    train, test, labels = data["train"][:LARGEST_SET], data["test"][:LARGEST_SET], data.get("test_labels")
    if not hasattr(model, "n_visible"):
        return {"test_error": _error(lambda m: forward_forward.predicted_labels(m, test), labels)}
    named = dict(_likelihood(model, data["train"], train, seed))
    if labels is not None and (isinstance(model, RBM) or model.n_hidden <= MAX_UNITS):
        pixels = test[:, : -rbm_runs.N_LABELS]
        named["test_error"] = _error(lambda m: label_probabilities(m, pixels).argmax(axis=1), labels)
    return named


def _likelihood(model: Any, whole: np.ndarray, few: np.ndarray, seed: int) -> Measures:
    if min(model.n_visible, model.n_hidden) <= MAX_UNITS:
        exact = exact_measures(np.asarray(few, dtype=np.float64))
        return exact if model.n_visible <= MAX_UNITS and len(whole) <= LARGEST_SET else {"nll": exact["nll"]}
    if isinstance(model, RBM):
        return {"nll_estimate": lambda m: _annealed(m, few, seed)}
    return {}


def _annealed(model: RBM, rows: np.ndarray, seed: int) -> float:
    """The same random numbers every time, so that a curve moves with the model and not with its estimate."""
    rng = stream(seed, "train", "annealed")
    return annealed_negative_log_likelihood(rng, model, rows, n_chains=30, n_temperatures=200)[0]


def _error(predict: Callable[[Any], np.ndarray], labels: np.ndarray | None) -> Callable[[Any], float]:
    assert labels is not None
    return lambda model: float(np.mean((found := predict(model)) != labels[: len(found)]))


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """``settings.json``: every option of the run, so that it can be run again."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "settings.json", (json.dumps(dict(settings), indent=2) + "\n").encode())


def write_results(folder: Path, run: TrainingRun, title: str) -> list[Path]:
    """``weights.npz``, ``curves.csv`` and ``curves.svg``; returns their paths."""
    files = {"weights.npz": _npz(weights_by_name(run.model)), "curves.csv": run.curves.csv().encode()}
    if run.curves.names:
        files["curves.svg"] = curves_svg(run.curves, title)
    for name, content in files.items():
        write_atomically(folder / name, content)
    return [folder / name for name in files]


def weights_by_name(model: Any) -> dict[str, np.ndarray]:
    """The parameters of a model under the names of its fields; layers are numbered from 0."""
    if isinstance(model, ForwardForward):
        pairs = {f"weights_{n}": w for n, w in enumerate(model.weights)}
        return pairs | {f"biases_{n}": c for n, c in enumerate(model.biases)}
    names = ("weights", "visible_bias", "hidden_bias", "hidden_weights")
    return {name: getattr(model, name) for name in names if hasattr(model, name)}


def curves_svg(curves: Curves, title: str) -> bytes:
    """One panel a measure, against phases."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    # The same curves are the same bytes, whatever style the rest of the process has set.
    with plt.style.context(["default", {"svg.hashsalt": "cl-theory"}], after_reset=True):
        figure, panels = plt.subplots(
            1, len(curves.names), figsize=(4.2 * len(curves.names), 3.2), squeeze=False, layout="tight"
        )
        for panel, name in zip(panels[0], curves.names, strict=True):
            panel.plot(curves["phases"], curves[name])
            panel.set(xlabel="phases", ylabel=name.replace("_", " "))
            panel.grid(alpha=0.3)
        figure.suptitle(title)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        plt.close(figure)
    return buffer.getvalue()


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()


def train_as_asked(folder: Path, settings: Mapping[str, Any], *, resume: bool) -> TrainingRun:
    """Train as the options say, with a progress bar, and fill `folder`; ValueError if an option cannot be."""
    if (folder / "settings.json").exists() and not resume:
        raise ValueError(f"{folder} already holds a run; go on with --resume, or choose another --folder")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    data = rows(settings["data"], settings["model"], settings["size"])
    learner, seed = _learner(settings, data), settings["seed"]
    n_phases = positive_integer(settings["phases"], "n_phases")
    measured = measures(learner.model(learner.start(Randomness(seed)).parameters), data, seed)
    write_settings(folder, settings)
    with _bar(console) as report:
        run = run_learner(learner, n_phases, seed=seed, measures=measured, folder=folder, resume=resume, report=report)
    paths = write_results(folder, run, f"{settings['model']}, {settings['data']}, {settings['estimator']}")
    for name in run.curves.names:
        first, last = run.curves[name][[0, -1]]
        console.print(f"{name.replace('_', ' '):<14} {first:10.4f} -> {last:.4f}")
    console.print("written: " + ", ".join(str(path) for path in paths))
    return run


def _learner(asked: Mapping[str, Any], data: Mapping[str, np.ndarray]) -> Learner:
    """All parts of the run, checked before anything is written."""
    rng = stream(asked["seed"], "train", "start")
    model = starting_model(asked["model"], data["train"].shape[1], asked["hidden"], rng)
    planned = schedule(
        asked["estimator"], asked["b"], asked["order"], asked["length"], asked["length_law"], asked["baseline_rate"]
    )
    optimiser = chosen(OPTIMISERS, asked["optimiser"], "--optimiser")(asked["learning_rate"])
    chain = chosen(CHAINS, asked["chain"], "--chain")(asked["steps"])
    common = asked["batch_size"], asked["weight_decay"]
    if asked["model"] == "forward-forward":
        labels = np.asarray(data["train_labels"])
        return net_learner_of(model, data["train"], labels, planned, optimiser, *common)
    return learner_of(model, data["train"], planned, chain, optimiser, *common, not asked["no_visible_biases"])


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that is told of every iteration and redrawn for one in two hundred."""
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("training", total=None)

        def report(done: int, total: int) -> None:
            if done % max(1, total // 200) == 0 or done == total:
                progress.update(task, completed=done, total=total)

        yield report
