"""All experiments, in reading order."""

from cl_theory.experiments.registered import bars, bars_b, mnist

ALL = (*bars.ALL, *mnist.ALL, *bars_b.ALL)
