"""The playable figures of the chapters: what is checked there, in few numbers that a reader can move."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from cl_theory.proof.reader.playable import STEP, Axis, Choice, Curve, Mark, Playable, Recurrence, Slider
from cl_theory.theory.chains import symbols as chain
from cl_theory.theory.dynamics import leading_statements as leading
from cl_theory.theory.dynamics import length_statements as lengths
from cl_theory.theory.dynamics import noise_statements as noise
from cl_theory.theory.estimators import best_b_statements as best
from cl_theory.theory.estimators import centred_statements as centred
from cl_theory.theory.estimators import compute_statements as compute
from cl_theory.theory.estimators import isd_statements as isd
from cl_theory.theory.estimators import symbols as phase
from cl_theory.theory.statement import Statement

HALF = sp.Rational(1, 2)
B, MU_PLUS, MU_MINUS, V_PLUS, V_MINUS = sp.symbols("b mu_plus mu_minus v_plus v_minus", real=True)
BASELINE, SHARE, ETA, TAU = sp.symbols("c share eta tau", real=True)


def in_numbers(statement: Statement, values: Mapping[sp.Expr, Any]) -> sp.Expr:
    """The right side of a statement about numbers, in the symbols of a figure."""
    return statement.written_out(statement.right).xreplace(dict(values))


def in_one_dimension(statement: Statement, values: Mapping[sp.Expr, Any]) -> dict[str, sp.Expr]:
    """The terms of a statement about vectors and matrices where these are single numbers, as the checks evaluate it."""

    def supply(symbol: sp.Expr) -> Any:
        value = sp.sympify(values[symbol])
        return np.array([[value]], dtype=object) if symbol.is_Matrix else value

    return {name: sp.sympify(np.asarray(term).item()) for name, term in statement.term_values(supply).items()}


def _total(statement: Statement, values: Mapping[sp.Expr, Any]) -> sp.Expr:
    return sp.Add(*in_one_dimension(statement, values).values())


def _mean(symbol: sp.Symbol, label: str, value: float) -> Slider:
    return Slider(symbol, f"{label}, a mean gradient", -3, 3, 0.1, value)


def _variance(symbol: sp.Symbol, label: str, value: float) -> Slider:
    return Slider(symbol, f"{label}, a variance", 0.1, 4, 0.1, value)


MEANS = _mean(MU_PLUS, "μ₊", 2), _mean(MU_MINUS, "μ₋", 1)
COIN = Slider(B, "b, chance of a positive phase", 0.1, 0.9, 0.01, 0.5)


# Variance against b, chapter 4 ---------------------------------------------------------------------


def valley() -> Playable:
    """Variance of ISD against b, in one dimension: as it is, around a baseline of the reader's, around the best one."""
    given = {
        phase.b: B, phase.mu_plus: MU_PLUS, phase.mu_minus: MU_MINUS, phase.Sigma_plus: V_PLUS,
        phase.Sigma_minus: V_MINUS, phase.cross: 0, phase.c: BASELINE,
    }  # fmt: skip
    plain, around = _total(isd.COVARIANCE, given), _total(centred.COVARIANCE, given)
    at_best = _total(centred.COVARIANCE, given | {phase.c: (1 - B) * MU_PLUS + B * MU_MINUS})
    two_term = _total(compute.TWO_TERM, given)
    moments = {
        phase.m_plus: V_PLUS + (MU_PLUS - BASELINE) ** 2,
        phase.m_minus: V_MINUS + (MU_MINUS - BASELINE) ** 2,
        phase.mu_squared: (MU_PLUS - MU_MINUS) ** 2,
    }
    best_b, least = in_numbers(best.BEST_B, moments), in_numbers(best.LEAST, moments)
    return Playable(
        "play-valley",
        "Variance of ISD against b, with sliders. Every curve is a valley with a wall at either end. A baseline "
        "between the two mean gradients lowers the valley; the best baseline leaves the lowest one.",
        Axis(B, "b", 0.04, 0.96),
        "variance of one phase",
        [
            *MEANS,
            _variance(V_PLUS, "v₊", 1),
            _variance(V_MINUS, "v₋", 2),
            Slider(BASELINE, "c, a baseline", -3, 3, 0.1, 1),
        ],
        [
            Curve("ISD", "isd", plain),
            Curve("ISD around c", "positive_phase", around),
            Curve("ISD around the best baseline for each b", "centred", at_best),
            Curve("both phases, two terms", "two_term", two_term, dashed=True),
        ],
        [Mark("best b around c", "positive_phase", best_b, least)],
        readings={"best b around c": best_b, "variance there": least, "variance at b = ½": around.subs(B, HALF)},
        middle=0.8,
    )


# Bias of a phase, chapter 9 ------------------------------------------------------------------------

RHO, RESPONSE, SHORTEST, LAW, START = sp.symbols("rho k s law start", real=True)
P_ON = sp.Rational(3, 4)
"""Of the lazy chain: how likely a unit is on when it is drawn afresh, at theta = 0."""
LAWS = ("fixed", "s + Poisson", "uniform", "s + geometric", "geometric")
"""In the order of `length_statements.FACTORS`."""
OFF, ON = 0, 1


def _waiting(z: Any, mean: Any) -> sp.Expr:
    return z / mean / (1 - (1 - 1 / mean) * z)


def mean_decays() -> list[sp.Expr]:
    """E rho^T for each of `LAWS`, of mean tau and, but for the geometric, at least s."""
    return [
        RHO**TAU,
        RHO**SHORTEST * sp.exp((TAU - SHORTEST) * (RHO - 1)),
        (RHO**SHORTEST - RHO ** (2 * TAU - SHORTEST + 1)) / ((1 - RHO) * (2 * (TAU - SHORTEST) + 1)),
        RHO**SHORTEST * _waiting(RHO, TAU - SHORTEST),
        _waiting(RHO, TAU),
    ]


def _chosen(symbol: sp.Symbol, formulas: Sequence[sp.Expr]) -> sp.Expr:
    *first, last = enumerate(formulas)
    return sp.Piecewise(*((formula, sp.Eq(symbol, number)) for number, formula in first), (last[1], True))


def lazy_values(start: int, law: int) -> dict[sp.Expr, sp.Expr]:
    """What the symbols of Part II are for the lazy chain with G = 2z - 1 and P(on) = 3/4 + k theta, at theta = 0."""
    mean, lag = 2 * P_ON - 1, 2 * RESPONSE * (2 * P_ON - 1) / (1 - RHO)
    owed = ((2 * start - 1) - mean) / (1 - RHO)
    pairs = in_numbers(lengths.FACTORS[law], {chain.tau: TAU, chain.s: SHORTEST}) * TAU**2
    mixing = sp.Max(P_ON, 1 - P_ON) * 2
    return {
        chain.eta: ETA, chain.tau: TAU, chain.mean_pairs: pairs, chain.g_bar: mean, chain.D_g_bar: 2 * RESPONSE,
        chain.psi_start: owed, chain.psi_end: owed * mean_decays()[law], chain.Gamma: sp.Integer(0), chain.lag: lag,
        leading.rest: sp.Integer(0), chain.M: sp.Integer(1), chain.L: sp.Integer(0),
        chain.K: 2 * RESPONSE * (1 - RHO), chain.Psi: mixing / (1 - RHO),
    }  # fmt: skip


def bias_parts(start: int, law: int) -> dict[str, sp.Expr]:
    """Leading terms of the bias of a phase of the lazy chain, signed; the standard step is what it is measured from."""
    terms = in_one_dimension(leading.LEADING, lazy_values(start, law))
    return {name: term for name, term in terms.items() if name not in ("the standard step", "the rest")}


def phase_bias() -> Playable:
    """Bias of a phase of the lazy chain against its mean length: bound, leading terms, and two of them alone."""
    laws = range(len(LAWS))

    def over_laws(of: Any) -> sp.Expr:
        return _chosen(START, [_chosen(LAW, [of(start, law) for law in laws]) for start in (OFF, ON)])

    def bound(start: int, law: int) -> sp.Expr:
        return in_numbers(lengths.RANDOM, lazy_values(start, law))

    def part(*names: str) -> sp.Expr:
        def size(start: int, law: int) -> sp.Expr:
            parts = bias_parts(start, law)
            return sp.Abs(sp.Add(*(parts[name] for name in names or parts)))

        return over_laws(size)

    bounded, total = over_laws(bound), part()
    at_100 = {TAU: 100}
    return Playable(
        "play-phase-bias",
        "Log-log plot of the bias of an always-on phase against its mean length, with sliders and a choice of the "
        "law of the length. Short phases are off by what they owe to the start, which falls as one over the length;"
        " long ones by a plateau, twice as high for a geometric length as for a fixed one. The bound lies above "
        "both.",
        Axis(TAU, "τ, mean length of a phase", 10, 10_000, log=True),
        "bias of a phase",
        [
            Choice(LAW, "law of the length", LAWS),
            Choice(START, "start of the phase", ("off, which is rare", "on")),
            Slider(ETA, "η, learning rate of a phase", 0.01, 0.5, 0.01, 0.1),
            Slider(RHO, "ρ, what the chain keeps in a step", 0, 0.95, 0.05, 0.8),
            Slider(RESPONSE, "k, how much the chain follows θ", 0.02, 0.25, 0.01, 0.2),
            Slider(SHORTEST, "s, shortest phase (not of the geometric law)", 1, 8, 1, 1),
        ],
        [
            Curve("bound", "exact", bounded),
            Curve("leading terms", "always_on", total),
            Curve("the start alone", "two_term", part("the start"), dashed=True),
            Curve("the flow alone", "isd", part("the flow"), dashed=True),
        ],
        readings={"leading terms at τ = 100": total.subs(at_100), "bound at τ = 100": bounded.subs(at_100)},
        y_log=True,
    )


# One phase, the flow and the step, chapter 11 ------------------------------------------------------

DECAY, FIRST_STATE, SO_FAR, PLACE, STATE = sp.symbols("a z_0 u theta z", real=True)
GAIN, STIFFNESS = sp.Rational(7, 10), sp.Rational(3, 10)
"""kappa and lambda of the AR(1) network; they add up to 1, so that eta is a time in units of the flow."""


def one_phase() -> Playable:
    """Mean path of one always-on phase of the AR(1) network from theta = 1, beside the flow and the standard step."""
    slope, first = GAIN + STIFFNESS, sp.Integer(1)
    network = {
        leading.decay: DECAY, leading.gain: GAIN, leading.stiffness: STIFFNESS, leading.theta_0: first,
        leading.state_0: FIRST_STATE,
    }  # fmt: skip

    def flow(time: sp.Expr) -> sp.Expr:
        return in_numbers(leading.FIXED_LIMIT, {leading.theta_0: first, noise.pull: slope * time})

    step_size = ETA / TAU
    path = Recurrence(
        "always on, mean",
        "always_on",
        start={PLACE: first, STATE: FIRST_STATE},
        becomes={
            PLACE: PLACE - step_size * (STATE + STIFFNESS * PLACE),
            STATE: DECAY * STATE + (1 - DECAY) * GAIN * PLACE,
        },
        count=TAU,
        x=STEP * step_size,
        y=PLACE,
    )
    gap = in_numbers(leading.GAP, network | {noise.pull: slope * ETA})
    return Playable(
        "play-one-phase",
        "A parameter during one always-on phase, with sliders. The gradient flow is a curve that decays; the "
        "standard step is a straight line that overshoots at large rates. The mean of always-on learning is a chain"
        " of dots that comes closer to the flow the more steps the phase has.",
        Axis(SO_FAR, "ηt/τ, learning so far", 0, 3),
        "θ",
        [
            Slider(ETA, "η, learning rate of the phase", 0.1, 3, 0.1, 1.5),
            Slider(TAU, "τ, steps of the phase", 1, 60, 1, 12),
            Slider(DECAY, "a, what the state keeps in a step", 0, 0.9, 0.05, 0.5),
            Slider(FIRST_STATE, "z₀, state at the start", -1, 3, 0.1, 0.7),
        ],
        [
            Curve("gradient flow", "centred", flow(SO_FAR), where=SO_FAR <= ETA),
            Curve("one standard step", "isd", first - slope * first * SO_FAR, dashed=True, where=SO_FAR <= ETA),
        ],
        paths=[path],
        readings={
            "the flow ends at": flow(ETA),
            "the standard step at": first - slope * first * ETA,
            "always on, as the theorem predicts, at": flow(ETA) + step_size * gap,
        },
    )


# Order of phases, chapter 5 ------------------------------------------------------------------------

STICKY, N_PHASES, V = sp.symbols("s n v", real=True)


def sticky_count_variance(n: Any = N_PHASES) -> sp.Expr:
    """Variance of the number of positive phases among `n` of a stationary chain: the next is as this one with chance s
    over what it would be by chance, so that B_1 and B_(1+k) have the covariance b(1-b) s^k."""
    pairs = (n - 1) * STICKY / (1 - STICKY) - STICKY**2 * (1 - STICKY ** (n - 1)) / (1 - STICKY) ** 2
    return B * (1 - B) * (n + 2 * pairs)


def long_run_count_variance() -> sp.Expr:
    """The same over n, for n without end."""
    return B * (1 - B) * (1 + STICKY) / (1 - STICKY)


def order_of_phases() -> Playable:
    """n times the variance of the mean of n ISD phases against the stickiness of their order, in one dimension."""
    centre = (1 - B) * MU_PLUS + B * MU_MINUS

    def noise_of(count_variance: sp.Expr, n: Any = 1, share: Any = SHARE) -> sp.Expr:
        off = share * centre
        values = {
            phase.b: B, phase.n: n, phase.mu_plus: MU_PLUS - off, phase.mu_minus: MU_MINUS - off,
            phase.Sigma_plus: V, phase.Sigma_minus: V, phase.var_N: count_variance,
        }  # fmt: skip
        return n * _total(compute.BATCH, values)

    possible = STICKY >= -sp.Min(B / (1 - B), (1 - B) / B)
    # In the long run n phases with the n-fold variance of counts cost, each, what one phase with its share would.
    of_n, for_ever = noise_of(sticky_count_variance(), N_PHASES), noise_of(long_run_count_variance())
    exact = noise_of(sp.Integer(0))
    coins = for_ever.subs(STICKY, 0)
    return Playable(
        "play-order-of-phases",
        "Noise of the mean of many ISD phases against the stickiness of their order, with sliders, on a logarithmic"
        " axis. It falls to a floor where phases alternate, is that of independent coins in the middle, and grows "
        "without limit where phases come in long runs. With the exact baseline the order does not matter: a level "
        "line at the floor.",
        Axis(STICKY, "s, stickiness of the order", -0.98, 0.98),
        "variance of the mean, times n",
        [
            COIN,
            *MEANS,
            Slider(V, "v, variance within a phase", 0.1, 4, 0.1, 1),
            Slider(SHARE, "baseline, as a share of c*", 0, 1.5, 0.05, 0),
            Slider(N_PHASES, "n, phases", 2, 200, 1, 20),
        ],
        [
            Curve("in the long run", "isd", for_ever, where=possible),
            Curve("n phases", "always_on", of_n, where=possible),
            Curve("exact baseline, any order", "centred", exact, dashed=True),
        ],
        [Mark("independent coins", "isd", sp.Integer(0), coins)],
        readings={
            "independent coins": coins,
            "exact baseline": exact,
            "runs, s = 0.9": for_ever.subs(STICKY, sp.Rational(9, 10)),
        },
        y_log=True,
    )


# Where ISD comes to rest, chapter 12 ---------------------------------------------------------------

SLOPE_PLUS, SLOPE_MINUS, MEAN = sp.symbols("D_plus D_minus m", real=True)


def mean_after_coin(place: sp.Expr, baseline: sp.Expr) -> sp.Expr:
    """Mean end of one long ISD phase from `place`, where g+ = m + D+ theta and g- = m + D- theta: two flows, a coin."""
    ends = []
    for slope, rate in ((SLOPE_PLUS, -1 / B), (SLOPE_MINUS, 1 / (1 - B))):
        stands = -(MEAN - baseline) / slope
        ends.append(stands + (place - stands) * sp.exp(rate * slope * ETA))
    return B * ends[0] + (1 - B) * ends[1]


def fixed_point(baseline: sp.Expr) -> sp.Expr:
    """Where one long ISD phase leads back to on average, in the units of theta, less the point where mu = 0."""
    place = sp.Dummy()
    led = mean_after_coin(place, baseline)  # linear in the place
    return led.subs(place, 0) / (1 - led.diff(place))


def first_order_shift(baseline: sp.Expr) -> sp.Expr:
    """The shift of the fixed point for each unit of eta, as the theorem has it."""
    values = {
        phase.b: B, phase.mu_plus: MEAN, phase.mu_minus: MEAN, phase.c: baseline, noise.D_plus: SLOPE_PLUS,
        noise.D_minus: SLOPE_MINUS,
    }  # fmt: skip
    return _total(noise.ISD_SHIFT, values) / (SLOPE_PLUS - SLOPE_MINUS)


def rest_of_isd() -> Playable:
    """Fixed point of ISD with long always-on phases against eta: without a baseline, around one, and centred."""
    without, around = first_order_shift(sp.Integer(0)), first_order_shift(SHARE * MEAN)
    return Playable(
        "play-rest-of-isd",
        "Where ISD with always-on phases comes to rest, against the learning rate, with sliders. Without a baseline"
        " it leaves the right point in proportion to the rate, as the dashed line predicts, and soon faster. A part"
        " of the baseline takes off that part of the shift; the whole of it takes off all.",
        Axis(ETA, "η, learning rate of a phase", 0.01, 0.3),
        "fixed point, less the right one",
        [
            Slider(B, "b, chance of a positive phase", 0.2, 0.8, 0.01, 0.4),
            Slider(MEAN, "mean gradient of both phases at rest", -2, 2, 0.1, 1),
            Slider(SLOPE_PLUS, "slope of g⁺ in θ", 1, 3, 0.1, 1.5),
            Slider(SLOPE_MINUS, "slope of g⁻ in θ", 0.1, 0.4, 0.01, 0.3),
            Slider(SHARE, "baseline, as a share of c*", 0, 1.5, 0.05, 0.5),
        ],
        [
            Curve("without a baseline", "isd", fixed_point(sp.Integer(0))),
            Curve("to first order", "isd", ETA * without, dashed=True),
            Curve("around the baseline", "positive_phase", fixed_point(SHARE * MEAN)),
            Curve("centred", "centred", sp.Integer(0)),
        ],
        readings={"shift for each unit of η, without a baseline": without, "around the baseline": around},
    )


FIGURES = {
    figure.__name__: figure for figure in (valley, order_of_phases, phase_bias, one_phase, rest_of_isd)
}  # fmt: skip
"""Every playable figure by name, in the order of the chapters."""


def play(name: str) -> None:
    """Glue one of `FIGURES`, for ``{glue:figure} play-NAME`` on the page; shown where the cell is run.

    ValueError lists the names.
    """
    from myst_nb import glue

    if name not in FIGURES:
        raise ValueError(f"a playable figure is one of {', '.join(FIGURES)}, got {name!r}")
    figure = FIGURES[name]()
    glue(figure.name, figure)
