"""Always-on ISD whose positive phases see one row of data: flows of single rows, and what leaving them out does."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp
from scipy.integrate import solve_ivp

from cl_theory.cases.extrapolation import limit_at_zero
from cl_theory.checks import Outcome, close
from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.dynamics.flow import VectorField, gradient_flow
from cl_theory.dynamics.rbm_drift import always_on_flow, phase_turns
from cl_theory.experiments.definition import Experiment
from cl_theory.experiments.shared_always_on_runs import small_start
from cl_theory.models.rbm import RBM
from cl_theory.models.rbm_means import rbm_phase_means
from cl_theory.phases import Fixed, Geometric
from cl_theory.seeds import FIXED_ROOT, stream


def row_excess(share: Any = 1) -> list[sp.Expr]:
    """Second order of a phase that sees one of two rows, less the stated terms with `share` of the row term.

    The rows have the gradients u and w with the slopes U and W, the free phase d and D; the baseline is c, any vector.
    """
    b = sp.Symbol("b")
    u, w, d, c = (sp.Matrix(sp.symbols(f"{name}_1:3")) for name in "uwdc")
    U, W, D = (sp.Matrix(2, 2, sp.symbols(f"{name}_1:5")) for name in "UWD")
    up, turn_up = (u + w) / 2, (U + W) / 2  # two rows, equally likely
    centre, turn_centre = (1 - b) * up + b * d, (1 - b) * turn_up + b * D
    rows = ((U - turn_up) * (u - up) + (W - turn_up) * (w - up)) / 2
    bends = (U * (u - c) + W * (w - c)) / 2 / b / 2 + D * (d - c) / (1 - b) / 2
    stated = (turn_up - D) * (up - d) / 2 + turn_centre * (centre - c) / (2 * b * (1 - b))
    return [*(bends - stated - share * rows / (2 * b)).applyfunc(sp.cancel)]


def rows_check() -> tuple[Outcome, dict[str, Outcome]]:
    """The stated second order of an RBM on 2 x 2 bars, with and without a baseline, against flows of single rows."""
    rng = stream(FIXED_ROOT, "always-on on bars", "small")
    rbm, data, b = RBM.random(rng, 4, 3, 0.8), bars_and_stripes(2), 0.3
    turns = phase_turns(rbm, data)
    by_flows = [coefficient_of_flows(rbm, data, b, baseline) for baseline in (0, turns.centre(b))]
    stated = np.array([turns.coefficient(b, centred=centred) for centred in (False, True)])
    scope = "flows of single rows, composed: eta^2 term, RBM on 2 x 2 bars, b = 0.3"
    scale = float(np.abs(stated).max())

    def check(value: np.ndarray, of: str) -> Outcome:
        return close(by_flows, value, scope=of, tolerance=1e-5, scale=scale)

    planted = {
        "rows left out": stated - turns.row_term(b),
        "baselines exchanged": stated[::-1],
        "1 % more": 1.01 * stated,
    }
    return check(stated, scope), {name: check(wrong, f"{scope}; {name}") for name, wrong in planted.items()}


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


def predicted_path(small: Experiment, arm: str, times: Sequence[float], *, rows_left_out: bool = False) -> list[RBM]:
    """An arm of `small` without its noise; with `rows_left_out`, as `flow_without_rows`."""
    start, data = small_start(small.settings)
    law = (Geometric if "geometric" in arm else Fixed)(small.settings["sweeps"])
    how = {
        "rate": small.arms[arm]["rate"],
        "p_positive": 0.5,
        "centred": "centred" in arm,
        "second_moment": float((law.variance + law.mean**2 - law.mean) / law.mean**2),
        "tolerance": 1e-4,
    }
    if rows_left_out:
        return flow_without_rows(start, data, times, **how)
    return always_on_flow(start, data, times, visible_biases=False, **how)


def predicted_losses(small: Experiment, times: Sequence[float]) -> dict[str, dict[str, np.ndarray]]:
    """Losses of a row along `predicted_path` of every arm, with and without the row term."""
    data = small_start(small.settings)[1]
    return {
        arm: {
            words: np.array(
                [
                    rbm.negative_log_likelihood(data)
                    for rbm in predicted_path(small, arm, times, rows_left_out="left out" in words)
                ]
            )
            for words in ("predicted", "predicted, rows left out")
        }
        for arm in small.arms
    }
