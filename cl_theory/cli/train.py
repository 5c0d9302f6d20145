"""``cl-theory train``: train a model, watch it, and leave weights, curves and a plot in a folder."""

import sys
from pathlib import Path

import typer

from cl_theory.cli import train_options as options
from cl_theory.cli.exits import FAILED, FINE, WRONG_INPUT, exiting


def train(
    model: options.Model = "rbm",
    data: options.Data = "digits",
    estimator: options.Estimator = "isd",
    b: options.B = 0.5,
    order: options.Order = "bernoulli",
    chain: options.Chain = "persistent",
    steps: options.Steps = 1,
    length: options.Length = 200,
    length_law: options.LengthLaw = "fixed",
    baseline_rate: options.BaselineRate = 0.01,
    hidden: options.Hidden = 16,
    size: options.Size = 4,
    phases: options.Phases = 20_000,
    batch_size: options.BatchSize = 10,
    optimiser: options.Optimiser = "sgd",
    learning_rate: options.LearningRate = 0.02,
    weight_decay: options.WeightDecay = 0.0,
    no_visible_biases: options.NoVisibleBiases = False,
    seed: options.Seed = 0,
    folder: options.Folder = None,
    resume: options.Resume = False,
) -> int:
    """Train a model, watch it, and leave weights, curves and a plot in a folder."""
    settings = dict(locals())
    from cl_theory.cli.train_run import train_as_asked
    from cl_theory.learning.divergence import LearningDiverged

    target = settings.pop("folder") or Path("runs") / f"{model}-{data}-{estimator}"
    going_on = settings.pop("resume")
    try:
        train_as_asked(target, settings, resume=going_on)
    except (ValueError, ConnectionError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    except LearningDiverged as error:
        print(f"stopped: {error}", file=sys.stderr)
        return FAILED
    return FINE


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(exiting(train))
