"""Ready-made cases that chapters share."""

from cl_theory.experiments.real_models import RealModel, bars_model, digits_model, untrained_rbm

__all__ = ["RealModel", "bars_model", "digits_model", "untrained_rbm"]
