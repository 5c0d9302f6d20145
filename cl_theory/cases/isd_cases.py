"""The Monte Carlo check of each claim about b, equal compute and designs, on a real model."""

import numpy as np

from cl_theory.cases.batch_designs import BatchDesigns
from cl_theory.cases.isd_settings import IsdSettings
from cl_theory.cases.phase_slots import PhaseSlots
from cl_theory.cases.real_models import RealModel
from cl_theory.estimators import theory
from cl_theory.phases.order import Alternating, Bernoulli, Stratified, Systematic

AGAINST_TWO_TERM = np.array([[1.0, 0, -1], [0, 1, -1], [0, 0, 1]])
"""Two estimates less the two-term one, and that one."""


def equal_compute(model: RealModel) -> IsdSettings:
    """Two ISD phases averaged, at b = 1/2 and at b*, less one independent two-term step."""
    settings = ((0.5, None), (theory.optimal_p_positive(model.moments), None))
    return IsdSettings(_slots(model, 2), settings, AGAINST_TWO_TERM, two_term=True)


def four_designs(model: RealModel, n_phases: int = 4) -> BatchDesigns:
    """Batches of phases: independent coins, a fixed number in random places, evenly spread, alternating."""
    designs = [Bernoulli(0.5), Stratified(0.5), Systematic(0.45), Alternating()]
    return BatchDesigns(_slots(model, n_phases), designs)


def _slots(model: RealModel, n_slots: int) -> PhaseSlots:
    # Along mu squares are little skewed, so that few draws are enough for a normal mean.
    mean = model.moments.mean
    return PhaseSlots(model, n_slots, mean[None] / np.linalg.norm(mean), np.zeros((0, len(mean))))
