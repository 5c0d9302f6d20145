"""Which phase comes next, and how long it lasts: values that can be printed."""

from cl_theory.phases.bounded_length import Fixed, TwoPoint, Uniform
from cl_theory.phases.length import PhaseLength
from cl_theory.phases.order import Alternating, Bernoulli, Stratified, Systematic
from cl_theory.phases.stopping import StopAt
from cl_theory.phases.unbounded_length import Geometric, ShiftedGeometric, ShiftedPoisson

__all__ = [
    "Alternating", "Bernoulli", "Fixed", "Geometric", "PhaseLength", "ShiftedGeometric", "ShiftedPoisson", "StopAt",
    "Stratified", "Systematic", "TwoPoint", "Uniform",
]  # fmt: skip
