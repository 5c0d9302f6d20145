"""All experiments, in reading order."""

from cl_theory.experiments.registered import bars, bars_b, boltzmann, mnist, nets, scripts

ALL = (*bars.ALL, *mnist.ALL, *nets.ALL, *bars_b.ALL, *boltzmann.ALL, *scripts.ALL)
