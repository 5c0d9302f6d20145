"""Always-on ISD whose positive phases see one row of data: flows of single rows, and what leaving them out does."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from cl_theory.cases.extrapolation import limit_at_zero
from cl_theory.dynamics.flow import VectorField, gradient_flow
from cl_theory.dynamics.rbm_drift import phase_turns
from cl_theory.models.rbm import RBM, rbm_phase_means


def row_by_row_displacement(rbm: RBM, data: np.ndarray, rate: float, p_positive: float, baseline: Any) -> np.ndarray:
    """Mean displacement (n_parameters,) of one phase in the limit of many short updates, each row's flow by itself."""
    b = p_positive

    def moved(field: VectorField) -> np.ndarray:
        return gradient_flow(field, rbm.flat, rate) - rbm.flat

    def clamped(row: np.ndarray) -> np.ndarray:
        return moved(lambda x: (rbm_phase_means(rbm.with_flat(x), row[None])[0] - baseline) / b)

    free = moved(lambda x: (baseline - rbm_phase_means(rbm.with_flat(x), data)[1]) / (1 - b))
    return b * np.mean([clamped(row) for row in data], axis=0) + (1 - b) * free


def coefficient_of_flows(
    rbm: RBM, data: np.ndarray, p_positive: float, baseline: Any, rates: Sequence[float] = (0.02, 0.01, 0.005, 0.0025)
) -> np.ndarray:
    """What multiplies eta^2 in `row_by_row_displacement`, extrapolated to eta = 0."""
    mu = np.subtract(*rbm_phase_means(rbm, data))
    second = [
        (row_by_row_displacement(rbm, data, rate, p_positive, baseline) + rate * mu) / rate**2
        for rate in rates
    ]  # fmt: skip
    return limit_at_zero(rates, second)


def flow_without_rows(
    rbm: RBM, data: np.ndarray, times: Sequence[float], rate: float, p_positive: float, *, centred: bool,
    second_moment: float = 1.0, tolerance: float = 1e-5,
) -> list[RBM]:  # fmt: skip
    """`always_on_flow` as it would be if a positive phase went through all rows: without the row term, no visible
    biases. ValueError if the flow leaves every bound."""

    def field(_: float, parameters: np.ndarray) -> np.ndarray:
        turns = phase_turns(rbm.with_flat(parameters), data, visible_biases=False)
        bent = turns.coefficient(p_positive, centred=centred) - turns.row_term(p_positive)
        return rate * second_moment * bent - turns.mu

    span = (0.0, float(times[-1]))
    path = solve_ivp(field, span, rbm.flat, method="RK23", t_eval=times, rtol=tolerance, atol=tolerance)
    if not path.success:
        raise ValueError(f"the flow did not reach time {span[1]}: {path.message}; lower the learning rate")
    return [rbm.with_flat(parameters) for parameters in path.y.T]
