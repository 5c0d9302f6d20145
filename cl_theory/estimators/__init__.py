"""Estimators of the contrastive gradient: samples in, gradients out, no sampler known."""

from cl_theory.estimators.baselines import ConstantBaseline, PhaseEMA, PhaseMeans, PooledEMA, running_centred_isd
from cl_theory.estimators.batch import batch_isd_gradient, ratio_isd_gradient
from cl_theory.estimators.isd import centred_isd_gradient, isd_gradient, isd_weights, two_baseline_isd_gradient
from cl_theory.estimators.two_term import two_term_gradient

__all__ = [
    "ConstantBaseline",
    "PhaseEMA",
    "PhaseMeans",
    "PooledEMA",
    "batch_isd_gradient",
    "centred_isd_gradient",
    "isd_gradient",
    "isd_weights",
    "ratio_isd_gradient",
    "running_centred_isd",
    "two_baseline_isd_gradient",
    "two_term_gradient",
]
