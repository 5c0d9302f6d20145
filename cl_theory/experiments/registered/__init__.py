"""All experiments, in reading order."""

from cl_theory.experiments.registered import bars, bars_b, boltzmann, mnist, nets, scripts, small_bars

ALL = (*bars.ALL, *mnist.ALL, *nets.ALL, *bars_b.ALL, *boltzmann.ALL, *scripts.ALL, *small_bars.ALL)
