"""Comparing two things and saying how surely: symbolic, exact, numeric and Monte Carlo checks."""

from cl_theory.checks.budget import BUDGET, alpha_spent, require_budget
from cl_theory.checks.comparisons import (
    CONFIDENCE,
    FAMILY,
    Effect,
    difference,
    log_ratio_of_spreads,
    paired_difference,
    power_of_difference,
)
from cl_theory.checks.convexity import ConvexityFit, convexity_fit, second_difference
from cl_theory.checks.criteria import Criterion, comparisons_made, decide
from cl_theory.checks.drift import draws_for_drift, no_drift, total_variation_floor
from cl_theory.checks.exact import at_least_exactly, equal_exactly
from cl_theory.checks.moments import DiagonalMoments, Moments, Population
from cl_theory.checks.monte_carlo import largest_t_agrees, mean_agrees
from cl_theory.checks.numeric import below, close
from cl_theory.checks.outcome import LEVELS, Level, Outcome
from cl_theory.checks.plans import CoordinatePlan, MeanPlan, Plan, plan_coordinates, plan_mean
from cl_theory.checks.proportion import ProportionPlan, plan_proportion, proportion_agrees
from cl_theory.checks.stages import ALPHA, GAMMA, POWER, POWER_FLOOR, ThreeStages
from cl_theory.checks.symbolic import is_positive, is_sum_of_squares, vanishes

__all__ = [
    "ALPHA", "BUDGET", "CONFIDENCE", "FAMILY", "GAMMA", "LEVELS", "POWER", "POWER_FLOOR", "ConvexityFit",
    "CoordinatePlan", "Criterion", "DiagonalMoments", "Effect", "Level", "MeanPlan", "Moments", "Outcome", "Plan",
    "Population", "ProportionPlan", "ThreeStages", "alpha_spent", "at_least_exactly", "below", "close",
    "comparisons_made", "convexity_fit", "decide", "difference", "draws_for_drift", "equal_exactly",
    "is_positive", "is_sum_of_squares", "largest_t_agrees", "log_ratio_of_spreads", "mean_agrees", "no_drift",
    "paired_difference", "plan_coordinates", "plan_mean", "plan_proportion", "power_of_difference",
    "proportion_agrees", "require_budget", "second_difference", "total_variation_floor", "vanishes",
]  # fmt: skip
