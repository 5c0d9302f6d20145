"""Contrastive learning with flexible phases: estimators, exact laws, kernels, and the checks of every claim."""

__version__ = "0.1.0"
