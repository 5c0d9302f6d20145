"""Ready-made cases and checks that chapters share."""

from cl_theory.cases.isd_checks import duty_cycle_check
from cl_theory.cases.real_models import RealModel, bars_model, digits_model, real_models, untrained_rbm

__all__ = [
    "RealModel",
    "bars_model",
    "digits_model",
    "duty_cycle_check",
    "real_models",
    "untrained_rbm",
]
