"""What chapters 13-20 and 23 take apart: pairs of one image, gated units, flows of single rows, details of scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from scipy.integrate import solve_ivp
from scipy.special import expit

from cl_theory.arguments import probability_inside
from cl_theory.learning.learners.loop import Randomness
from cl_theory.learning.learners.net_learner import NetReplicaLearner
from cl_theory.learning.learners.parts import Adam, CentredISD
from cl_theory.learning.models.forward_forward import ForwardForward, direction, predicted_labels
from cl_theory.learning.models.images import bars_and_stripes, with_label_pixels, wrong_labels
from cl_theory.learning.models.rbm import RBM, rbm_phase_means
from cl_theory.learning.models.rbm_phases import always_on_flow, phase_turns
from cl_theory.proof.checks.exact import close
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.checks.statement_checks import Drawn
from cl_theory.proof.experiments.always_on_runs import small_start
from cl_theory.proof.experiments.definition import Experiment, Seeds
from cl_theory.proof.experiments.forward_forward_runs import learner_of, loaded
from cl_theory.proof.experiments.rbm_runs import loaded as loaded_rows
from cl_theory.proof.experiments.script_runs import cast_pixels
from cl_theory.proof.systems.chain_systems import limit_at_zero
from cl_theory.proof.systems.isd_systems import ONE_OFF
from cl_theory.proof.systems.leading_systems import left_by, polynomial_coefficients, shifted_mean
from cl_theory.proof.systems.noise_systems import BASELINE_OFF
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.arithmetic import exact_array
from cl_theory.theory.chains import symbols as chains
from cl_theory.theory.chains.phase_lengths import Fixed, Geometric
from cl_theory.theory.chains.stationary import solve
from cl_theory.theory.dynamics import noise_statements as noise
from cl_theory.theory.dynamics.linear import AffineImages, learn_from_images, mean_update, settled_moments
from cl_theory.theory.dynamics.transfer import VectorField, gradient_flow
from cl_theory.theory.estimators import pair_statements as pairs
from cl_theory.theory.estimators import symbols as s
from cl_theory.theory.estimators.isd import isd_gradient, two_term_gradient
from cl_theory.theory.estimators.laws import FiniteLaw, coin_law, exact_mean
from cl_theory.theory.estimators.symbols import phase_values
from cl_theory.theory.system import System

Layer = tuple[np.ndarray, np.ndarray]
"""Of one layer and each row: its gradient is the outer product of the first, (n, n_out), and the second, (n, n_in)."""


@dataclass(frozen=True, eq=False)
class PairMoments:
    """Moments of each coordinate of g+ and g- over all images and all wrong labels, in the order of `net.flat`.

    `product` is E g+ g- where both phases show the same image, `silent` the share of phases, half of them positive, in
    which the unit that a parameter belongs to is off.
    """

    mean_positive: np.ndarray
    mean_negative: np.ndarray
    square_positive: np.ndarray
    square_negative: np.ndarray
    product: np.ndarray
    silent: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The gradient of the loss."""
        return self.mean_positive - self.mean_negative

    @property
    def two_term_square(self) -> np.ndarray:
        """E D^2 of each coordinate: a pair shows one image twice, with its label and with a wrong one."""
        return self.square_positive + self.square_negative - 2 * self.product

    def isd_square(self, p_positive: float = 0.5) -> np.ndarray:
        """E Z^2 of each coordinate."""
        b = float(probability_inside(p_positive))
        return self.square_positive / b + self.square_negative / (1 - b)

    @property
    def centre(self) -> np.ndarray:
        """The best baseline of ISD at b = 1/2: the mean of both phases."""
        return (self.mean_positive + self.mean_negative) / 2

    @property
    def centred_square(self) -> np.ndarray:
        """E Z^2 of each coordinate for ISD at b = 1/2 around `centre`."""
        return self.isd_square() - 4 * self.centre**2

    @property
    def drift(self) -> float:
        """How far ISD drifts a phase under Adam along the mean gradient; two-term learning drifts by 1."""
        return self._relative_drift(self.isd_square())

    @property
    def centred_drift(self) -> float:
        """The same around the best baseline."""
        return self._relative_drift(self.centred_square)

    def _relative_drift(self, square: np.ndarray) -> float:
        along, of_pair = self.mean, self.two_term_square  # a pair takes two phases
        return float(2 * (adam_drift(along, square) @ along) / (adam_drift(along, of_pair) @ along))

    @property
    def noise_of_silence(self) -> float:
        """Share of the second moment of centred ISD that moves units while they are off: (2c)^2, as g is 0 there."""
        return float((4 * self.silent * self.centre**2).sum() / self.centred_square.sum())

    @property
    def shared(self) -> float:
        r"""Share :math:`2 E\langle g^+, g^-\rangle / (m_+ + m_-)` of the pair's second moment that cancels."""
        return float(2 * self.product.sum() / (self.square_positive + self.square_negative).sum())

    @property
    def shared_by_all(self) -> float:
        """The same if the two phases showed independent images: only the means cancel."""
        both = self.mean_positive @ self.mean_negative
        return float(2 * both / (self.square_positive + self.square_negative).sum())


def digit_images(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of the digits twin, "train" or "test"."""
    data = loaded("digits")
    return data[part].astype(np.float64), data[f"{part}_labels"]


def pair_moments(net: ForwardForward, images: np.ndarray, labels: np.ndarray, n_classes: int = 10) -> PairMoments:
    """Exact moments of the gradients at the parameters of `net`, by going through every image and every wrong label."""
    seen = _layers(net, with_label_pixels(images, labels, n_classes), 1.0)
    total = np.zeros((4, net.flat.size))
    for shift in range(1, n_classes):
        wrong = _layers(net, with_label_pixels(images, (labels + shift) % n_classes, n_classes), -1.0)
        total += np.concatenate([_of_negative(up, down) for up, down in zip(seen, wrong, strict=True)], axis=1)
    mean_negative, square_negative, product, silent = total / (n_classes - 1)
    mean_positive, square_positive = np.concatenate([_of_positive(up) for up in seen], axis=1)
    return PairMoments(mean_positive, mean_negative, square_positive, square_negative, product, silent)


def moments_along(nets: Mapping[int, ForwardForward], images: np.ndarray, labels: np.ndarray) -> dict[int, PairMoments]:
    """The moments of each net of a run, by its number of phases."""
    return {after: pair_moments(net, images, labels) for after, net in nets.items()}


def adam_drift(mean: np.ndarray, square: np.ndarray) -> np.ndarray:
    r"""Mean step of Adam per update and unit of the learning rate where the gradient's moments stay: E Z / sqrt(E Z^2).

    Its moving averages are close to their means when they average over many updates; the scale of Z drops out.
    """
    return np.divide(mean, np.sqrt(square), out=np.zeros_like(mean), where=square > 0)


def mean_adam_step(
    rng: np.random.Generator, net: ForwardForward, images: np.ndarray, labels: np.ndarray, n: int, *, isd: bool
) -> np.ndarray:
    """Mean of `n` steps of Adam, per unit of the learning rate, with the parameters held where they are.

    One image an update: both phases of it, or under ISD at b = 1/2 one of them with weight 2. The first half, while the
    moving averages settle, is left out.
    """
    shown, signs, weights = _drawn(rng, images, labels, n, isd)
    layers = [
        ((weights[:, None] * pull).reshape(n, -1, pull.shape[1]), inputs.reshape(n, -1, inputs.shape[1]))
        for pull, inputs in _layers(net, shown, np.where(signs, 1.0, -1.0))
    ]
    adam, settled = Adam(1.0), n // 2
    memory, total = adam.start(net.flat.size), np.zeros(net.flat.size)
    for k in range(n):
        parts = [(pull[k].T @ inputs[k], pull[k].sum(axis=0)) for pull, inputs in layers]
        step, memory = adam.step(np.concatenate([part.ravel() for both in parts for part in both]), memory)
        total += step * (k >= settled)
    return -total / (n - settled)


def measured_drift(
    net: ForwardForward, images: np.ndarray, labels: np.ndarray, along: np.ndarray, n: int = 2000, repeats: int = 6
) -> tuple[float, float]:
    """(`PairMoments.drift`, its standard error) as Adam drifts while `net` is held: `repeats` times `n` steps.

    `along` is the mean gradient. Two-term learning takes 2 n steps, since the mean of its first steps is noisier.
    """
    isd, two_term = (
        np.array(
            [
                mean_adam_step(
                    stream(FIXED_ROOT, "adam at a held net", int(isd), k), net, images, labels, steps, isd=isd
                )
                @ along
                for k in range(repeats)
            ]
        )
        for isd, steps in ((True, n), (False, 2 * n))
    )
    ratio = 2 * isd.mean() / two_term.mean()
    return ratio, ratio * np.hypot(*(d.std(ddof=1) / repeats**0.5 / d.mean() for d in (isd, two_term)))


def _drawn(
    rng: np.random.Generator, images: np.ndarray, labels: np.ndarray, n: int, isd: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images shown in `n` updates, one (ISD) or two rows each, with the signs and weights of their phases."""
    rows, coins, wrong = [], [], []
    for _ in range(n):
        row = rng.integers(len(images), size=1)
        rows.append(row)
        wrong.append(wrong_labels(rng, labels[row]))
        coins.append(rng.random(1) < 0.5 if isd else np.array([True, False]))
    signs = np.concatenate(coins)
    row, other = (np.repeat(np.concatenate(part), len(coins[0])) for part in (rows, wrong))
    shown = with_label_pixels(images[row], np.where(signs, labels[row], other))
    return shown, signs, np.where(signs, 1.0, -1.0) * (2.0 if isd else 1.0)


def _layers(net: ForwardForward, x: np.ndarray, sign: float | np.ndarray) -> list[Layer]:
    """g+ (`sign` 1) or g- (-1) of every row, layer by layer, as outer products."""
    parts, below = [], x
    for weights, biases in zip(net.weights, net.biases, strict=True):
        inputs = direction(below)
        below = np.maximum(inputs @ weights.T + biases, 0)
        surprise = expit(sign * (net.threshold - (below**2).mean(axis=-1)))
        parts.append(((-surprise * 2 / len(biases))[:, None] * below, inputs))
    return parts


def _of_positive(up: Layer) -> np.ndarray:
    """E g+ and E g+^2 of one layer, (2, n_parameters of the layer)."""
    pull, inputs = up
    return _averaged((pull, inputs), (pull**2, inputs**2))


def _of_negative(up: Layer, down: Layer) -> np.ndarray:
    """E g-, E g-^2, E g+ g- and the silent share of one layer, (4, n_parameters of the layer)."""
    (pull, inputs), (pull_wrong, inputs_wrong) = up, down
    off = ((pull == 0).mean(axis=0) + (pull_wrong == 0).mean(axis=0)) / 2
    silent = np.concatenate([np.repeat(off, inputs.shape[1]), off])
    moments = _averaged(
        (pull_wrong, inputs_wrong), (pull_wrong**2, inputs_wrong**2), (pull * pull_wrong, inputs * inputs_wrong)
    )
    return np.vstack([moments, silent])


def _averaged(*pairs: Layer) -> np.ndarray:
    """Means over the rows of outer products, with the second factor's bias 1 after them."""
    return np.array([np.concatenate([(p.T @ x).ravel(), p.sum(axis=0)]) / len(p) for p, x in pairs])


def living_units(net: ForwardForward, images: np.ndarray, labels: np.ndarray, n_classes: int = 10) -> np.ndarray:
    """Share of the units of each layer that are on for some image with its label, (n_layers,)."""
    layers = _layers(net, with_label_pixels(images, labels, n_classes), 1.0)
    return np.array([(pull != 0).any(axis=0).mean() for pull, _ in layers])


def label_error(net: ForwardForward, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose label of largest goodness is wrong."""
    return float(np.mean(predicted_labels(net, images) != labels))


COIN_OFF = "coin off by 1 %"
HALF = Fraction(1, 2)


def coupled_laws(n_laws: int = 12) -> list[System]:
    """Random rational laws of one parameter whose two phases depend on each other."""
    return [coupled(FiniteLaw.random(stream(FIXED_ROOT, "pairs", k), 5, dimension=1)) for k in range(n_laws)]


def coupled(law: FiniteLaw, coin: Fraction = HALF) -> System:
    """Two-term learning and ISD at b = 1/2 on `law`; with a planted error the `coin` shows another b."""
    probability, is_positive, g_positive, g_negative = coin_law(law, coin)
    estimates = isd_gradient(g_positive, g_negative, is_positive, p_positive=HALF)
    two_term = two_term_gradient(law.g_positive, law.g_negative)
    mean_Z, mean_square_Z = exact_mean(probability, estimates), exact_mean(probability, estimates**2)
    mean_D, mean_square_D = exact_mean(law.probability, two_term), exact_mean(law.probability, two_term**2)
    moments = law.moments
    drifts = [adam_drift(*np.array(of, dtype=float)) for of in ((mean_Z, mean_square_Z), (mean_D, mean_square_D))]
    values = phase_values(moments, HALF) | {
        pairs.rho: 2 * np.trace(moments.cross) / (moments.m_positive + moments.m_negative),
        pairs.square_D: mean_square_D.sum(),
        pairs.square_Z: mean_square_Z.sum(),
        pairs.noise_ratio: 2 * HALF**2 * mean_square_Z.sum() / mean_square_D.sum(),
        pairs.pace_ratio: float(2 * drifts[0][0] / drifts[1][0]),
    }
    return System("coupled law", values, family="coupled laws", wrong={COIN_OFF: lambda: coupled(law, ONE_OFF * HALF)})


AT_A_TIME = 100


def retraced_gated_nets(
    experiment: Experiment, arm: str, seed: int, phases: Sequence[int]
) -> dict[int, ForwardForward]:
    """What `retraced_nets` gives for an arm under centred ISD, had its baseline a gate."""
    cell = experiment.cell(arm, Seeds(seed, 1))
    return gated_nets(learner_of(cell.settings, cell.seeds), Randomness(FIXED_ROOT), phases)


def gated_nets(
    learner: NetReplicaLearner, randomness: Randomness, phases: Sequence[int], *, gated: bool = True
) -> dict[int, ForwardForward]:
    """The first net of `learner`, one image a step, after each of `phases`, ascending; in float64.

    Without the gate this is what centred ISD does.
    """
    schedule, optimiser, net = learner.schedule, learner.optimiser, learner.nets[0]
    if not isinstance(schedule, CentredISD):
        raise ValueError(f"a baseline is gated under CentredISD, got {schedule!r}")
    b, follow, theta = schedule.p_positive, schedule.baseline_rate, net.flat
    moving, own_bias, once = net.with_flat(theta), _own_bias(net), np.ones(1)  # `moving` sees what is done to theta
    averages = np.zeros((2, theta.size))  # of negative and of positive phases
    memory, found = optimiser.start(theta.size), {}
    for first, last in pairwise((0, *phases)):
        for start in range(first, last, AT_A_TIME):
            plan, met = learner.plan(start, min(AT_A_TIME, last - start), randomness)
            images = learner.images[met[plan.rows[0, :, 0]]].astype(np.float64)
            shown = with_label_pixels(images, plan.labels[0, :, 0], learner.n_classes)
            for x, is_positive, weight in zip(shown, plan.is_positive[0, :, 0], plan.weights[0, :, 0], strict=True):
                gradient = moving.weighted_gradient(x[None], np.array([is_positive]), once)
                centre = (1 - b) * averages[1] + b * averages[0]
                if gated:
                    centre[gradient[own_bias] == 0] = 0  # a unit that is off has a gradient of 0
                change, memory = optimiser.step(weight * (gradient - centre), memory)
                average = averages[int(is_positive)]
                average += follow * (gradient - average)
                theta += change
        found[last] = net.with_flat(theta.copy())
    return found


def _own_bias(net: ForwardForward) -> np.ndarray:
    """For each parameter in the order of `net.flat` the place of its unit's bias."""
    places = net.with_flat(np.arange(net.flat.size, dtype=float))
    layers = zip(places.weights, places.biases, strict=True)
    return np.concatenate([np.concatenate([np.repeat(c, w.shape[1]), c]) for w, c in layers]).astype(int)


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


UNWEIGHTED = "negatives without their weight"
CHANCES = (Fraction(1, 5), Fraction(1, 2), Fraction(6, 7))


def offline_laws(n_laws: int = 4, counts: tuple[int, ...] = (1, 3, 10)) -> list[System]:
    """Random rational laws of a coupled pair, stopped after each of `counts` positive phases at every b."""
    laws = [FiniteLaw.random(stream(FIXED_ROOT, "offline", k), 5, dimension=3) for k in range(n_laws)]
    return [offline(law, b, count) for law in laws for b in CHANCES for count in counts]


def offline(
    law: FiniteLaw, p_positive: Fraction, count: int, *, coin: Fraction | None = None, weight: Any = 1
) -> System:
    """Phases on `law` until `count` of them were positive; a phase by the estimator's own code, over all its faces.

    Planted errors: a `coin` that is not the b of the weights, and a factor `weight` on negative phases.
    """
    shows = p_positive if coin is None else coin
    probability, is_positive, g_positive, g_negative = coin_law(law, shows)
    estimates = isd_gradient(g_positive, g_negative, is_positive, p_positive=p_positive)
    estimates = np.where(is_positive[:, None], estimates, weight * estimates)
    values = phase_values(law.moments, p_positive) | {
        pairs.n: Fraction(count),
        pairs.mean_phases: lambda: summed(np.array([[Fraction(1)]]), shows, count)[0],
        pairs.mean_sum: lambda: summed(exact_mean(probability, estimates)[None], shows, count),
    }
    wrong = {
        COIN_OFF: lambda: offline(law, p_positive, count, coin=p_positive * ONE_OFF),
        UNWEIGHTED: lambda: offline(law, p_positive, count, weight=1 - p_positive),
    }
    return System(f"n = {count}, b = {p_positive}", values, family="stopped laws", wrong=wrong)


def summed(a_phase: np.ndarray, p_positive: Fraction, count: int) -> np.ndarray:
    """Mean sum of what each phase brings on average, (1, d), until `count` phases were positive.

    It solves (I - Q) x = r, where Q leads from k positive phases to k (with probability 1 - b) and to k + 1 (with b).
    """
    left = np.array([[Fraction(int(i == j)) for j in range(count)] for i in range(count)], dtype=object)
    for k in range(count):
        left[k, k] -= 1 - p_positive
        if k + 1 < count:
            left[k, k + 1] -= p_positive
    return solve(left, np.repeat(a_phase, count, axis=0))[0]


RATE, N_PHASES, LOOK_AFTER = 0.02, 50, 25
N_LABELS = 10


def weights_learned(training: np.random.Generator, evaluation: np.random.Generator | None = None) -> np.ndarray:
    """W (16, 16) after 50 one-step phases of ISD on bars and stripes, all drawn from `training`.

    Half-way hidden states are drawn for every row, from `evaluation`, as an evaluation would: it changes no weight.
    """
    rows, h = bars_and_stripes(4), np.zeros((1, 16))
    rbm = RBM(np.zeros((16, 16)), np.zeros(16), np.zeros(16))
    for phase in range(N_PHASES):
        weight = 2 if training.random() < 0.5 else -2
        data = rows[[training.integers(len(rows))]]
        v = data if weight > 0 else rbm.sample_v_given_h(training, h)
        h = rbm.sample_h_given_v(training, v)
        rbm = rbm.with_flat(rbm.flat - RATE * weight * rbm.gradient(v, h)[0])
        if evaluation is not None and phase == LOOK_AFTER:
            rbm.sample_h_given_v(evaluation, rows)
    return rbm.weights


def moved_by_a_look(seed: int) -> dict[str, float]:
    """By how much the look moves the weight that it moves most: with one generator for both, and with a stream each."""
    unseen, shared = weights_learned(stream(seed, "training")), stream(seed, "training")
    seen = {
        "one generator": weights_learned(shared, shared),
        "a stream each": weights_learned(stream(seed, "training"), stream(seed, "evaluation")),
    }
    return {name: float(np.abs(weights - unseen).max()) for name, weights in seen.items()}


def ink_kept_by_a_cast() -> float:
    """Share of the bright pixels of the test digits that are left when shades are cast to integers."""
    return float(cast_pixels("digits").sum() / loaded_rows("digits")["test"][:, :-N_LABELS].sum())


# Pairs in any order, chapter 23 --------------------------------------------------------------------

TOSSED, COINS, POSITIVE_FIRST = ((0, 1), (1, 0)), ((0,), (1,)), ((0, 1),)
"""Orders in which an image is shown, all as likely: both phases in a tossed order, one of them, both in a fixed one."""
TWICE = tuple(one + other for one in TOSSED for other in TOSSED)
"""Each image in two pairs, one after the other."""
SLOPE_OFF, NEVER_TOSSED = "slope of one phase off by 1 %", "positive phase first"
BY_COINS = "phases by independent coins"


def scalar_images(slope: Any = 1) -> AffineImages:
    """Four images and one parameter: mu = 0 at 0, mean gradients 2, mean slopes 3/2 and 1/2. Rational; `slope` is a
    factor on the slopes of the negative phase."""
    gradients = [[3, 2], [2, 3], [1, 1], [2, 2]]
    slopes: list[list[Any]] = [
        [Fraction(2), Fraction(1, 4)],
        [Fraction(1), Fraction(1)],
        [Fraction(1), Fraction(1, 4)],
        [Fraction(2), HALF],
    ]
    of = [[[[up]], [[slope * down]]] for up, down in slopes]
    return AffineImages(exact_array([Fraction(1, 4)] * 4), exact_array(gradients)[..., None], exact_array(of))


def plane_images(slope: Any = 1) -> AffineImages:
    """Five images and two parameters, mu = 0 at 0, phases that depend on each other. Rational; `slope` as above."""
    rng = stream(FIXED_ROOT, "paired-order", "images")
    gradients = exact_array(rng.integers(-3, 4, (5, 1, 2)) + rng.integers(-1, 2, (5, 2, 2))) / Fraction(2)
    gradients = gradients - gradients.mean(axis=0) + exact_array([2, -1])
    slopes = exact_array(rng.integers(-2, 3, (5, 2, 2, 2))) / Fraction(4)
    slopes[:, 0] += exact_array([[2, Fraction(1, 4)], [Fraction(-1, 4), Fraction(5, 4)]])
    slopes[:, 1] = (slopes[:, 1] + exact_array([[HALF, 0], [HALF, -HALF]])) * slope
    return AffineImages(exact_array([Fraction(1, 5)] * 5), gradients, slopes)


def floats_of(images: AffineImages) -> AffineImages:
    """The same images in float64."""
    return AffineImages(
        *(np.array(part, dtype=float) for part in (images.probability, images.gradients, images.slopes))
    )


def image_values(images: AffineImages, theta: Any, baseline: Any) -> dict[sp.Expr, Any]:
    """What the symbols of pairs are for `images` at `theta`, by their definitions."""
    at = images.at(theta)
    mean, slope = images.mean(at), images.mean(images.slopes)
    away, steeper = at - mean, images.slopes - slope

    def covariance(one: int, other: int) -> np.ndarray:
        return images.mean(away[:, one, :, None] * away[:, other, None, :])

    return {
        s.mu_plus: mean[0], s.mu_minus: mean[1], s.c_star: mean.sum(axis=0) / 2, s.c: baseline,
        s.Sigma_plus: covariance(0, 0), s.Sigma_minus: covariance(1, 1), s.cross: covariance(0, 1),
        noise.D_plus: slope[0], noise.D_minus: slope[1], noise.D_mu: slope[0] - slope[1],
        noise.omega_plus: images.mean((steeper[:, 0] @ away[:, 1, :, None])[..., 0]),
        noise.omega_minus: images.mean((steeper[:, 1] @ away[:, 0, :, None])[..., 0]),
    }  # fmt: skip


def _baselines(images: AffineImages) -> list[np.ndarray]:
    """None, half of what both phases say, and all of it."""
    centre = images.mean(images.gradients)[0]
    return [0 * centre, centre / 2, centre]


def steps_of_pairs() -> list[System]:
    """Each image in each order, from a point that is no rest: the two updates, one after the other. Rational."""
    images, theta, rate = plane_images(), exact_array([Fraction(1, 3), Fraction(-2, 5)]), Fraction(1, 7)

    def at(image: int, order: tuple[int, int]) -> System:
        (up, down), baseline = images.at(theta)[image], exact_array([1, HALF])
        power, moved = images.update(image, order, rate, baseline)
        values = {
            chains.eta: rate, s.c: baseline, s.g_plus: up, s.g_minus: down, s.D: up - down,
            noise.g_first: (up, down)[order[0]], noise.A_second: images.slopes[image, order[1]],
            noise.pair_step: power @ theta + moved - theta,
        }  # fmt: skip
        return System(f"image {image}, order {order}", values, family="images, each order")

    return [at(image, order) for image in range(5) for order in TOSSED]


def mean_pairs() -> list[System]:
    """The mean displacement of a pair, over all images and orders, away from rest. Rational."""
    return [
        _mean_pair(law, orders=TOSSED, baseline=baseline)
        for law in (scalar_images, plane_images)
        for baseline in _baselines(law())
    ]


def _mean_pair(law: Any, *, orders: Any, baseline: Any, slope: Any = 1) -> System:
    images, rate = law(), Fraction(1, 9)
    theta = exact_array([Fraction(2, 3), Fraction(-1, 2)][: images.gradients.shape[2]])
    power, _, moved, _, _ = mean_update(law(slope), orders, rate, baseline)
    values = image_values(images, theta, baseline) | {
        chains.eta: rate, noise.mean_pair: power @ theta + moved[:, 0] - theta
    }  # fmt: skip
    wrong = {
        NEVER_TOSSED: lambda: _mean_pair(law, orders=POSITIVE_FIRST, baseline=baseline),
        SLOPE_OFF: lambda: _mean_pair(law, orders=TOSSED, baseline=baseline, slope=ONE_OFF),
    }
    return System(f"{law.__name__}, c = {baseline}", values, family="mean over images and orders", wrong=wrong)


def settled_pairs(orders: Any = TOSSED, off: Any = 0) -> list[System]:
    """Leading noise and shift with which pairs, and phases of coins, settle: solved for from the coefficients of their
    moments in eta, in rationals. `off` is an error in the baseline."""
    return [
        _settled(law(), orders, baseline, off)
        for law in (scalar_images, plane_images)
        for baseline in _baselines(law())
    ]


def _settled(images: AffineImages, orders: Any, baseline: np.ndarray, off: Any = 0) -> System:
    def leading(orders: Any) -> tuple[np.ndarray, np.ndarray]:
        updates = len(orders[0])

        def moments(part: int) -> np.ndarray:
            def at(rate: Fraction) -> Any:
                return mean_update(images, orders, rate, baseline + off)[part]

            return polynomial_coefficients(at, 2 * updates)

        shift = solve(-moments(0)[1], moments(2)[2])[:, 0]
        spread = solve(-moments(1)[1], moments(4)[2])
        return shift, spread.reshape(len(shift), len(shift))

    values = image_values(images, 0 * baseline, baseline)
    slope = values[noise.D_mu]

    def pulled(orders: Any) -> np.ndarray:
        spread = leading(orders)[1]
        return slope @ spread + spread @ slope.T

    values |= {
        noise.shift: lambda: leading(orders)[0],
        noise.settled_noise: lambda: pulled(orders),
        noise.settled_coins: lambda: pulled(COINS),
    }
    wrong = {BASELINE_OFF: lambda: _settled(images, orders, baseline, Fraction(1, 50))}
    name = f"{len(slope)} parameters, c = {baseline}, {len(orders)} orders"
    return System(name, values, family="settled learners, leading order", wrong=wrong)


def positive_first() -> System:
    """The plane images, each with its positive phase first, without a baseline."""
    settled = settled_pairs(POSITIVE_FIRST)[3]
    return System("the positive phase always first", {x: partial(settled, x) for x in settled.symbols})


def each_image_twice() -> System:
    """The plane images without a baseline, each in two pairs, one after the other."""
    settled = settled_pairs(TWICE)[3]
    return System("each image is shown in two pairs running", {x: partial(settled, x) for x in settled.symbols})


SETTLING_RATES = 0.02 / 2.0 ** np.arange(4)


def slowly_settled(orders: Any = TOSSED) -> list[System]:
    """The same in floats: moments at which learning does settle at four rates, extrapolated to eta = 0."""
    images = floats_of(plane_images())
    return [_slowly_settled(images, orders, np.array(baseline, dtype=float)) for baseline in _baselines(plane_images())]


def _slowly_settled(images: AffineImages, orders: Any, baseline: np.ndarray) -> System:
    values = image_values(images, 0 * baseline, baseline)
    slope = values[noise.D_mu]

    def limit(orders: Any) -> tuple[np.ndarray, np.ndarray]:
        settled = [settled_moments(images, orders, rate, baseline) for rate in SETTLING_RATES]
        means, spreads = (
            limit_at_zero(SETTLING_RATES, [part / rate for part, rate in zip(parts, SETTLING_RATES, strict=True)])
            for parts in zip(*settled, strict=True)
        )
        return means, slope @ spreads + spreads @ slope.T

    values |= {
        noise.shift: lambda: limit(orders)[0],
        noise.settled_noise: lambda: limit(orders)[1],
        noise.settled_coins: lambda: limit(COINS)[1],
    }
    return System(f"two parameters, c = {baseline}", values, family="settled learners, eta to 0")


def drawn_pairs(rate: float = 0.1, settled_after: int = 40) -> tuple[System, System]:
    """By drawing: the displacement by one pair away from rest, and the covariance of copies that have settled."""
    images, none, baseline = floats_of(plane_images()), np.zeros(2), np.array([1.0, 0.5])
    theta = np.array([0.6, -0.5])
    power, _, moved, _, _ = mean_update(images, TOSSED, rate, baseline)
    exact = power @ theta + moved[:, 0] - theta
    fixed, _, along, _, _ = mean_update(images, POSITIVE_FIRST, rate, baseline)
    errors = {NEVER_TOSSED: (fixed - power) @ theta + (along - moved)[:, 0]}

    def one_pair(rng: np.random.Generator, size: int) -> np.ndarray:
        return learn_from_images(rng, images, TOSSED, theta, 1, n_copies=size, rate=rate, baseline=baseline) - theta

    moving = Drawn(shifted_mean(one_pair, exact, errors), np.ravel)
    values = image_values(images, theta, baseline) | {chains.eta: rate}
    pair = System("one pair of the plane images", values, drawn={noise.mean_pair: moving}, only_drawn=True)

    values = image_values(images, none, none) | {chains.eta: rate}
    slope = values[noise.D_mu]
    mean, spread = settled_moments(images, TOSSED, rate, none)
    _, coins = settled_moments(images, COINS, rate, none)

    def seen(covariance: np.ndarray) -> np.ndarray:
        pulled = slope @ covariance + covariance @ slope.T
        return pulled[[0, 0, 1], [0, 1, 1]]

    def settled(rng: np.random.Generator, size: int) -> np.ndarray:
        ends = learn_from_images(rng, images, TOSSED, mean, settled_after, n_copies=size, rate=rate, baseline=none)
        away = ends - mean
        pulled = np.einsum("ij,nj,nk->nik", slope, away, away)
        return (pulled + pulled.swapaxes(1, 2))[:, [0, 0, 1], [0, 1, 1]]

    values[noise.rest_of_pairs] = left_by(
        noise.PAIR_VARIANCE, noise.rest_of_pairs, values, slope @ spread + spread @ slope.T
    )
    errors = {BY_COINS: seen(coins - spread)}
    planned = shifted_mean(settled, seen(spread), errors, scale=np.abs(seen(spread)).max(), pilot=2**13, most=2**19)
    drawn = Drawn(planned, lambda value: np.asarray(value)[[0, 0, 1], [0, 1, 1]])
    copies = System("settled copies", values, drawn={noise.pulled_back: drawn}, only_drawn=True)
    return pair, copies
