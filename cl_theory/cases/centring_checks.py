"""Centred ISD, drawn on a real model: planned checks of exact moments, with the errors that they must show."""

from dataclasses import replace

import numpy as np

from cl_theory.cases.isd_checks import Checked, informative_directions
from cl_theory.cases.isd_settings import IsdSettings
from cl_theory.cases.phase_slots import PhaseSlots
from cl_theory.cases.real_models import RealModel
from cl_theory.cases.running_baselines import RunningBaselines
from cl_theory.checks.planned_means import PlannedMean
from cl_theory.estimators.theory import isd_centre

CENTRED_QUANTITIES = ("P(B = 1)", "u·Z", "|Z|²", "(u·Z)²")
"""Coordinates of the statistic of `centred_check`."""
EQUAL_COMPUTE_QUANTITIES = ("N/2", "(N - 1)²", "u·Z̄", "|Z̄|² - |D|²", "(u·Z̄)² - (u·D)²")
"""Coordinates of the statistic of `centred_equal_compute_check`."""
RUNNING_QUANTITIES = (
    "P(B = 1)",
    *(f"u·Z, {name}" for name in ("old means", "one EMA a phase", "pooled EMA")),
    *(f"|Z|², {name}" for name in ("old means", "one EMA a phase", "pooled EMA")),
)
"""Coordinates of the statistic of `running_baselines_check`."""


def centred_check(root: int, claim: str, model: RealModel, p_positive: float, share: float = 1.0) -> Checked:
    """Mean and squares of ISD around the constant baseline `share` times c*, against their exact values."""
    slots = _slots(model, 1, p_positive, share)
    settings = IsdSettings(slots, ((p_positive, 0),), np.eye(1))
    scope = f"{model.name}, b = {p_positive:.3g}, c = {share:g} c*: E[u.Z], E|Z|^2 and E(u.Z)^2, jointly"
    return _but_for_b(settings.planned).check(root, claim, model.name, f"{p_positive:.3g}", scope=scope)


def centred_equal_compute_check(root: int, claim: str, model: RealModel) -> Checked:
    """Two averaged phases of ISD around c* at b = 1/2 less one two-term step, on shared phases.

    Both have the same mean, so the mean of |Z|^2 - |D|^2 is the difference of traces: exactly 0.
    """
    settings = IsdSettings(_slots(model, 2, 0.5), ((0.5, 0),), np.array([[1.0, -1.0]]), two_term=True)
    scope = f"{model.name}, b = 1/2: mean of |Z|^2 - |D|^2, two centred phases and two terms, total and along u"
    planned = _but_for_b(settings.planned)
    rounded = replace(planned, target=lambda planted: np.round(planned.target(planted), 10) + 0.0)  # a clean 0
    return rounded.check(root, claim, model.name, "equal compute", scope=scope)


def running_baselines_check(root: int, claim: str, model: RealModel, p_positive: float, rate: float) -> Checked:
    """One step around three learned baselines after two phases from a cold start; a replica is the unit."""
    running = RunningBaselines(_slots(model, 3, p_positive), p_positive, rate)
    scope = f"{model.name}, b = {p_positive:g}, rate {rate:g}: E[u.Z] and E|Z|^2 around three learned baselines"
    return running.planned.check(root, claim, model.name, f"{p_positive:g}", scope=scope)


def _slots(model: RealModel, n_slots: int, p_positive: float, share: float = 1.0) -> PhaseSlots:
    centre = share * isd_centre(model.moments, p_positive)
    return PhaseSlots(model, n_slots, informative_directions(model, p_positive, ridge=1.0)[:1], centre[None])


def _but_for_b(planned: PlannedMean) -> PlannedMean:
    """Without a consistently wrong b: the variance is flat in b at its minimum, so the duty cycle has to show it."""
    return replace(planned, errors={name: error for name, error in planned.errors.items() if not name.startswith("b ")})
