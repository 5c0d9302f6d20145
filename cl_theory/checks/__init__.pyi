from .budget import BUDGET, alpha_spent
from .comparisons import (
    CONFIDENCE,
    FAMILY,
    Effect,
    difference,
    log_ratio_of_spreads,
    paired_difference,
    power_of_difference,
)
from .criteria import Criterion, comparisons_made, decide
from .drift import draws_for_drift, no_drift, total_variation_floor
from .exact import at_least_exactly, equal_exactly
from .moments import DiagonalMoments, Moments, Population
from .monte_carlo import mean_agrees
from .numeric import below, close
from .outcome import LEVELS, Level, Outcome
from .plans import CoordinatePlan, MeanPlan, Plan, plan_coordinates, plan_mean
from .proportion import ProportionPlan, plan_proportion, proportion_agrees
from .stages import ALPHA, GAMMA, POWER, POWER_FLOOR, ThreeStages
from .symbolic import is_positive, is_sum_of_squares, vanishes

__all__ = [
    "ALPHA", "BUDGET", "CONFIDENCE", "FAMILY", "GAMMA", "LEVELS", "POWER", "POWER_FLOOR",
    "CoordinatePlan", "Criterion", "DiagonalMoments", "Effect", "Level", "MeanPlan", "Moments", "Outcome", "Plan",
    "Population", "ProportionPlan", "ThreeStages", "alpha_spent", "at_least_exactly", "below", "close",
    "comparisons_made", "decide", "difference", "draws_for_drift", "equal_exactly",
    "is_positive", "is_sum_of_squares", "log_ratio_of_spreads", "mean_agrees", "no_drift",
    "paired_difference", "plan_coordinates", "plan_mean", "plan_proportion", "power_of_difference",
    "proportion_agrees", "total_variation_floor", "vanishes",
]  # fmt: skip
