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
    steps: options.Steps = 10,
    length: options.Length = 200,
    length_law: options.LengthLaw = "fixed",
    baseline_rate: options.BaselineRate = 0.01,
    hidden: options.Hidden = None,
    size: options.Size = 4,
    phases: options.Phases = None,
    batch_size: options.BatchSize = 1,
    optimiser: options.Optimiser = None,
    learning_rate: options.LearningRate = None,
    weight_decay: options.WeightDecay = 0.0,
    no_visible_biases: options.NoVisibleBiases = False,
    seed: options.Seed = 0,
    folder: options.Folder = None,
    resume: options.Resume = False,
) -> int:
    """Train a model, watch it, and leave weights, curves and a plot in a folder."""
    asked = dict(locals())
    from cl_theory.cli.train_choices import filled_in
    from cl_theory.cli.train_run import train_as_asked
    from cl_theory.learning.loop import LearningDiverged

    target, going_on = asked.pop("folder"), asked.pop("resume")
    try:
        train_as_asked(target or Path("runs") / f"{model}-{data}-{estimator}", filled_in(asked), resume=going_on)
    except (ValueError, ConnectionError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    except LearningDiverged as error:
        print(f"stopped: {error}", file=sys.stderr)
        return FAILED
    return FINE


def register_train(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(exiting(train))
