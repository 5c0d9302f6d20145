"""The price of one phase, drawn: |Z|^2 - |D|^2 on the same phases, against its exact mean."""

import numpy as np

from cl_theory.cases.isd_checks import Checked, informative_directions
from cl_theory.cases.isd_settings import IsdSettings
from cl_theory.cases.phase_slots import PhaseSlots
from cl_theory.cases.real_models import RealModel

EXCESS_QUANTITIES = ("P(B = 1)", "u·Z", "|Z|²−|D|²", "|D|²", "(u·Z)²−(u·D)²", "(u·D)²")
"""Coordinates of the statistic of `excess_check`."""


def excess_check(root: int, claim: str, model: RealModel, p_positive: float) -> Checked:
    """The exact excess of ISD over two terms on a real model, in total and along a direction, with its controls.

    Z and D share their phases (common random numbers). As both have the same mean, the mean of |Z|^2 - |D|^2 is the
    difference of the traces of their covariances. One per cent of any weight, of the scale or of b must show.
    """
    directions = informative_directions(model, p_positive)[:1]
    slots = PhaseSlots(model, 1, directions, np.empty((0, directions.shape[1])))
    excess_and_two_term = np.array([[1.0, -1.0], [0.0, 1.0]])
    settings = IsdSettings(slots, ((p_positive, None),), excess_and_two_term, two_term=True)
    scope = f"{model.name}, b = {p_positive:g}: mean of |Z|^2 - |D|^2 on shared phases, total and along u"
    return settings.planned.check(root, claim, model.name, f"{p_positive:g}", scope=scope)
