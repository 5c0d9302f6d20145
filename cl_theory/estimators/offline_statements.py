"""What chapter 20 states of ISD that stops after a number of positive phases and moves by the sum."""

from cl_theory.estimators.symbols import MEANS, b, mu
from cl_theory.statements import equation, scalar, vector

n = scalar("n", "positive phases after which offline ISD moves", positive=True, integer=True)
mean_phases = scalar(r"\mathbb E N", "mean number of phases until n of them were positive", positive=True)
wait = scalar(r"\mathbb E N_1", "mean number of phases until one was positive", positive=True)
mean_sum = vector(r"\mathbb E\sum_{k=1}^N Z_k", "mean of the sum of ISD estimates until n phases were positive")

OFFLINE_PHASES = equation("isd-offline-phases", mean_phases, {"n waits for the coin": n / b})
OFFLINE_SUM = equation("isd-offline-sum", mean_sum, {"n/b gradients": n / b * mu}, where=MEANS)
OFFLINE = (OFFLINE_PHASES, OFFLINE_SUM)
