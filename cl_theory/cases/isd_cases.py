"""The Monte Carlo check of each claim about b, equal compute and designs, on a real model."""

from collections.abc import Sequence

import numpy as np

from cl_theory.cases.batch_designs import BatchDesigns
from cl_theory.cases.isd_checks import informative_directions
from cl_theory.cases.isd_settings import IsdSettings, Swapped
from cl_theory.cases.phase_slots import PhaseSlots
from cl_theory.cases.real_models import RealModel
from cl_theory.checks import second_difference
from cl_theory.estimators import theory
from cl_theory.phases.order import Alternating, Bernoulli, Stratified, Systematic

GRID = (0.25, 0.4, 0.6, 0.75)
AGAINST_FIRST = np.array([[1.0, 0, 0], [-1, 1, 0], [-1, 0, 1]])
"""The first estimate, and the two others less the first."""
AGAINST_TWO_TERM = np.array([[1.0, 0, -1], [0, 1, -1], [0, 0, 1]])
"""Two estimates less the two-term one, and that one."""


def curvature(model: RealModel) -> IsdSettings:
    """Second differences of the variance on a grid of b, trace and two directions."""
    contrast = second_difference(GRID, np.eye(len(GRID))).T
    return _one_phase(model, GRID, contrast)


def fitted_curve(model: RealModel) -> IsdSettings:
    """Least-squares coefficients of 1/b, 1/(1-b) and 1 in the second moment on a grid of b."""
    grid = np.array(GRID)
    design = np.stack([1 / grid, 1 / (1 - grid), np.ones_like(grid)], axis=1)
    return _one_phase(model, GRID, np.linalg.pinv(design))


def around_best_b(model: RealModel, others: tuple[float, float] = (0.3, 0.7)) -> IsdSettings:
    """The second moment at b*, and how much it grows towards two other b; swapped: the b that variances would pick."""
    best, by_variance = theory.optimal_p_positive(model.moments), theory.neyman_p_positive(model.moments)
    swaps = {"b* from variances": Swapped(tuple((b, None) for b in (by_variance, *others)))}
    return _one_phase(model, (best, *others), AGAINST_FIRST, swaps)


def slope_at_half(model: RealModel, step: float = 0.05) -> IsdSettings:
    """Central slope of the variance in b at b = 1/2: whose sign says which way to move."""
    return _one_phase(model, (0.5 - step, 0.5 + step), np.array([[-1.0, 1.0]]) / (2 * step))


def equal_compute(model: RealModel) -> IsdSettings:
    """Two ISD phases averaged, at b = 1/2 and at b*, less one independent two-term step."""
    settings = ((0.5, None), (theory.optimal_p_positive(model.moments), None))
    return IsdSettings(_slots(model, 2), settings, AGAINST_TWO_TERM, two_term=True)


def four_designs(model: RealModel, n_phases: int = 4) -> BatchDesigns:
    """Batches of phases: independent coins, a fixed number in random places, evenly spread, alternating."""
    designs = [Bernoulli(0.5), Stratified(0.5), Systematic(0.45), Alternating()]
    return BatchDesigns(_slots(model, n_phases), designs)


def _one_phase(
    model: RealModel, grid: Sequence[float], contrast: np.ndarray, swaps: dict[str, Swapped] | None = None
) -> IsdSettings:
    directions = informative_directions(model, 0.5)
    slots = PhaseSlots(model, 1, directions, np.zeros((0, directions.shape[1])))
    return IsdSettings(slots, tuple((float(b), None) for b in grid), contrast, swaps=swaps or {})


def _slots(model: RealModel, n_slots: int) -> PhaseSlots:
    # Along mu squares are little skewed, so that few draws are enough for a normal mean.
    mean = model.moments.mean
    return PhaseSlots(model, n_slots, mean[None] / np.linalg.norm(mean), np.zeros((0, len(mean))))
