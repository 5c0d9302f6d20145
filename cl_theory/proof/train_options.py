"""The options of ``cl-theory train``."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Option("--model", help="rbm, boltzmann or forward-forward.")]
Data = Annotated[str, typer.Option("--data", help="digits, bas or mnist.")]
Estimator = Annotated[str, typer.Option("--estimator", help="two-term, isd, centred-isd or always-on-isd.")]
B = Annotated[float, typer.Option("--b", help="Probability of a positive phase.")]
Order = Annotated[str, typer.Option("--order", help="bernoulli, systematic, stratified or alternating phases.")]
Chain = Annotated[str, typer.Option("--chain", help="persistent, cd, carried-over or exact.")]
Steps = Annotated[int, typer.Option("--steps", help="Gibbs steps K of a phase that ends with an update.")]
Length = Annotated[int, typer.Option("--length", help="Mean length of a phase of always-on learning.")]
LengthLaw = Annotated[str, typer.Option("--length-law", help="fixed, geometric, poisson or uniform.")]
BaselineRate = Annotated[float, typer.Option("--baseline-rate", help="How fast the baseline of centred-isd moves.")]
Hidden = Annotated[
    int | None, typer.Option("--hidden", help="Hidden units (of each layer) [default: 16, forward-forward 100].")
]
Size = Annotated[int, typer.Option("--size", help="Side of the bars-and-stripes grid.")]
Phases = Annotated[int | None, typer.Option("--phases", help="Phases to run [default: 100000, always-on 20000].")]
BatchSize = Annotated[int, typer.Option("--batch-size", help="Chains, or images, that share the parameters.")]
Optimiser = Annotated[
    str | None, typer.Option("--optimiser", help="sgd, momentum or adam [default: sgd, forward-forward adam].")
]
LearningRate = Annotated[
    float | None, typer.Option("--learning-rate", help="Step size [default: goes with model and optimiser].")
]
WeightDecay = Annotated[float, typer.Option("--weight-decay", help="Pulls weights towards 0; off at 0.")]
NoVisibleBiases = Annotated[bool, typer.Option("--no-visible-biases", help="Keep the visible biases at 0.")]
Seed = Annotated[int, typer.Option("--seed", help="Root of every random number of the run.")]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Where the results go [default: runs/MODEL-DATA-ESTIMATOR].")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the folder.")]
