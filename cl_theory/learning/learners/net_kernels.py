"""Steps of forward-forward nets that learn in lock-step: seeds, values of b, learning rates, one net each; compiled.

The input of a step is known before the step, and a layer's update is needed when its next input comes. So the update of
a row waits for the next step's pass over that row, which applies it and takes the products with the new inputs: half
the traffic of an update after each step, and traffic is what a step costs.

Descent is plain or by Adam, and either may go around a running baseline, one image a step. Everything is float32, and
nothing draws random numbers: images, labels and phases come ready. `learn_shown_numpy` is the readable sibling."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numba import njit

from cl_theory.arguments import finite, positive
from cl_theory.learning.learners.gibbs_kernels import unless_none
from cl_theory.learning.learners.parts import SGD, Adam
from cl_theory.learning.learners.replicas import Baseline, set_arrays
from cl_theory.learning.models.forward_forward import ForwardForward
from cl_theory.theory.estimators.baselines import PhaseEMA, PhaseState
from cl_theory.threads import in_turns

FUSED = {"contract", "nsz", "arcp", "reassoc"}
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_VANISHED = np.float32(1e-30)
"""A first moment, an average or a change below this is 0: left alone it ends in subnormal numbers, which are slow."""
_VANISHED_SQUARE = np.float32(1e-36)
"""The same for a second moment, whose root nobody sees beside epsilon. Its decay never leaves the subnormal numbers, as
0.999 times the smallest of them is rounded back: nets with silent units were slower by a factor of five."""


@njit(inline="always")
def _adam(weights, first, second, i, gradient, adam):
    """Weight number i after a step of Adam: beta1, beta2, eta / (1 - beta1^t), 1 / sqrt(1 - beta2^t) and epsilon."""
    beta1, beta2, step, root, epsilon = adam
    m = beta1 * first[i] + (_ONE - beta1) * gradient
    s = beta2 * second[i] + (_ONE - beta2) * (gradient * gradient)
    m, s = m if abs(m) > _VANISHED else _ZERO, s if s > _VANISHED_SQUARE else _ZERO
    weight = weights[i] - step * m / (np.sqrt(s) * root + epsilon)
    first[i], second[i], weights[i] = m, s, weight
    return weight


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _learn_and_look(weights, first, second, pull, old, new, adam):
    """Adam on one row with the gradient pull * old, and the product of the new row with `new`: one image a step."""
    total = _ZERO
    for i in range(weights.size):
        total += _adam(weights, first, second, i, pull * old[i], adam) * new[i]
    return total


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _learn_row(weights, first, second, gradient, adam):
    """Adam on one row."""
    for i in range(weights.size):
        _adam(weights, first, second, i, gradient[i], adam)


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def dot(a, b):
    total = _ZERO
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _set_gradient_row(pulls, inputs, j, batch, row):
    """row = sum over the batch of pulls[k][j] * inputs[k]; the sum of the pulls."""
    total = _ZERO
    for i in range(row.size):
        row[i] = _ZERO
    for k in range(batch):
        pull, x = pulls[k, j], inputs[k]
        if pull != _ZERO:
            total += pull
            for i in range(row.size):
                row[i] += pull * x[i]
    return total


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _learn_bias(theta, first, second, bias, gradient, adam):
    _adam(theta, first, second, bias, gradient, adam)


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _descend(weights, change, x):
    """weights -= change * x."""
    for i in range(weights.size):
        weights[i] -= change * x[i]


@njit(cache=True, error_model="numpy")
def plain_layer(theta, start, n_in, n_out, pulls, old, new, activity, step, look):
    """What `adam_layer` does, by plain descent. The row stays in the fastest cache between its update and its use."""
    batch = activity.shape[0]
    for j in range(n_out):
        place, bias = start + j * n_in, start + n_out * n_in + j
        weights = theta[place : place + n_in]
        for k in range(batch):
            change = step * pulls[k, j]
            if abs(change) > _VANISHED:  # a silent unit pulls nothing
                _descend(weights, change, old[k])
                theta[bias] -= change
        if look:
            for k in range(batch):
                activity[k, j] = max(dot(weights, new[k]) + theta[bias], _ZERO)


@njit(cache=True, error_model="numpy")
def adam_layer(theta, first, second, start, n_in, n_out, pulls, old, new, activity, row, adam, learn, look):
    """Apply what the last step left to learn, if `learn`; then, if `look`, set the activity of the new inputs.

    The layer's parameters begin at `start` of the flat vectors: weights by rows, then biases. The other arrays have a
    row for each image of the batch.
    """
    batch = activity.shape[0]
    for j in range(n_out):
        place, bias = start + j * n_in, start + n_out * n_in + j
        weights, m, s = theta[place : place + n_in], first[place : place + n_in], second[place : place + n_in]
        if batch == 1:  # before the first step `adam` changes nothing, so that one loop makes every product
            product = _learn_and_look(weights, m, s, pulls[0, j], old[0], new[0], adam)
            _learn_bias(theta, first, second, bias, pulls[0, j], adam)
            activity[0, j] = max(product + theta[bias], _ZERO)
        else:
            if learn:
                total = _set_gradient_row(pulls, old, j, batch, row)
                _learn_row(weights, m, s, row, adam)
                _learn_bias(theta, first, second, bias, total, adam)
            if look:
                for k in range(batch):
                    activity[k, j] = max(dot(weights, new[k]) + theta[bias], _ZERO)


_SMALLEST_LENGTH = np.float32(1e-8)


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _set_direction(source, target):
    """target = source / |source|."""
    total = _ZERO
    for i in range(source.size):
        total += source[i] * source[i]
    scale = _ONE / (np.sqrt(total) + _SMALLEST_LENGTH)
    for i in range(source.size):  # what lies beyond in `target` stays 0
        target[i] = source[i] * scale


@njit(cache=True, error_model="numpy")
def _set_pulls(activity, n_out, is_positive, weights, threshold, pulls):
    """The factor of each unit's inputs in the gradient: -w * 2 / n * sigmoid(+-(threshold - goodness)) * activity."""
    for k in range(activity.shape[0]):
        states = activity[k]
        goodness = dot(states[:n_out], states) / np.float32(n_out)
        distance = threshold - goodness if is_positive[k] else goodness - threshold
        surprise = _ONE / (_ONE + np.exp(-distance))
        factor = -weights[k] * surprise * _TWO / np.float32(n_out)
        for j in range(n_out):
            pulls[k, j] = factor * states[j]


@njit(cache=True, error_model="numpy")
def _show(images, rows, labels, n_classes, room, inputs):
    """Directions of the images with their labels written over the first pixels."""
    for k in range(rows.size):
        image = images[rows[k]]
        for i in range(room.size):
            room[i] = image[i]
        for c in range(n_classes):
            room[c] = _ONE if c == labels[k] else _ZERO
        _set_direction(room, inputs[k])


@njit(inline="always")
def _centred(mine, other, i, gradient, phase):
    """weight * (gradient - baseline) of parameter number i, whose average then follows the gradient."""
    weight, share, rate = phase
    estimate = weight * (gradient - share * mine[i] - (_ONE - share) * other[i])
    new = mine[i] + rate * (gradient - mine[i])
    mine[i] = new if abs(new) > _VANISHED else _ZERO
    return estimate


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _adam_row(weights, first, second, mine, other, pull, x, phase, adam):
    """Adam on one row with the gradient pull * x around its baseline.

    `phase` is (ISD weight, share of the baseline that the average of this phase has, rate of that average), `mine` the
    average of the phase that ran, `other` that of the other one.
    """
    for i in range(weights.size):
        _adam(weights, first, second, i, _centred(mine, other, i, pull * x[i], phase), adam)


@njit(cache=True, error_model="numpy", fastmath=FUSED)
def _plain_row(weights, mine, other, pull, x, phase, rate):
    """The same by plain descent."""
    for i in range(weights.size):
        weights[i] -= rate * _centred(mine, other, i, pull * x[i], phase)


@njit(cache=True, error_model="numpy")
def _centred_layer(
    theta, first, second, mine, other, start, n_in, n_out, pulls, old, new, activity, phase, adam, learn
):
    """Apply what the last step left to learn, if `learn`; then set the activity of the new input.

    A row stays in the fastest cache between its update and its use.
    """
    one, is_plain = np.ones(1, dtype=np.float32), first.size == 0
    for j in range(n_out):
        place, bias = start + j * n_in, start + n_out * n_in + j
        for at, end, x in ((place, place + n_in, old[:n_in]), (bias, bias + 1, one)):
            if learn and is_plain:
                _plain_row(theta[at:end], mine[at:end], other[at:end], pulls[j], x, phase, adam[2])
            elif learn:
                _adam_row(
                    theta[at:end], first[at:end], second[at:end], mine[at:end], other[at:end], pulls[j], x, phase, adam
                )  # fmt: skip
        activity[j] = max(dot(theta[place : place + n_in], new) + theta[bias], _ZERO)


@unless_none
def _of_net(baseline, net):
    """Averages of one net in phases of either kind, its b, and the rate of its averages."""
    return baseline[0][net], baseline[1][net], baseline[2][net], baseline[3][net]


@unless_none
def _of_phase(baseline, weight, positive):
    """The average that follows this phase, the other one, and (weight, share of the first, rate)."""
    mine, other = (baseline[0], baseline[1]) if positive else (baseline[1], baseline[0])
    return mine, other, (weight, _ONE - baseline[2] if positive else baseline[2], baseline[3])


@njit(cache=True, error_model="numpy")
def _learn(theta, first, second, baseline, sizes, images, shown, n_classes, threshold, adam, count):
    """All steps of one net, in place; `adam` is (learning rate, beta1, beta2, epsilon), `count` the steps before.

    Descent is plain where there are no moments; both betas are 0 then, which leaves the learning rate as it is.
    `baseline` is None, or what `_of_net` gives: then the weights of a phase come in after the baseline is taken off.
    """
    rows, labels, is_positive, weights = shown
    is_plain, n_layers, batch, widest = first.size == 0, sizes.size - 1, rows.shape[1], sizes.max()
    inputs = np.zeros((2, n_layers, batch, widest), dtype=np.float32)
    pulls, activity = np.zeros((n_layers, batch, widest), dtype=np.float32), np.zeros((batch, widest), dtype=np.float32)
    row, room = np.zeros(widest, dtype=np.float32), np.zeros(sizes[0], dtype=np.float32)
    one, (rate, beta1, beta2, epsilon) = np.ones(1, dtype=np.float32), adam
    for t in range(rows.shape[0] + 1):
        learn, look, last = t > 0, t < rows.shape[0], max(t - 1, 0)
        old, new = inputs[(t + 1) % 2], inputs[t % 2]
        if look:
            _show(images, rows[t], labels[t], n_classes, room, new[0])
        power = np.float64(count + max(t, 1))
        step = np.float32(rate / (1.0 - np.float64(beta1) ** power))
        root = np.float32(1.0 / np.sqrt(1.0 - np.float64(beta2) ** power))
        constants, start = (beta1, beta2, step, root, epsilon), 0
        phase = _of_phase(baseline, weights[last, 0], is_positive[last, 0])
        if baseline is None and not learn:
            constants = _ONE, _ONE, _ZERO, _ONE, epsilon
        for layer in range(n_layers):
            n_in, n_out = sizes[layer], sizes[layer + 1]
            if baseline is not None:
                _centred_layer(
                    theta, first, second, phase[0], phase[1], start, n_in, n_out, pulls[layer, 0], old[layer, 0],
                    new[layer, 0], activity[0], phase[2], constants, learn,
                )  # fmt: skip
            elif is_plain:
                plain_layer(
                    theta, start, n_in, n_out, pulls[layer], old[layer], new[layer], activity, constants[2], look
                )
            else:
                adam_layer(
                    theta, first, second, start, n_in, n_out, pulls[layer], old[layer], new[layer], activity,
                    row[:n_in], constants, learn, look,
                )  # fmt: skip
            if look:
                if baseline is None:
                    _set_pulls(activity, n_out, is_positive[t], weights[t], threshold, pulls[layer])
                else:
                    _set_pulls(activity, n_out, is_positive[t], one, threshold, pulls[layer])
            if look and layer + 1 < n_layers:
                for k in range(batch):
                    _set_direction(activity[k, :n_out], new[layer + 1, k])
            start += (n_in + 1) * n_out


@njit(cache=True, nogil=True, error_model="numpy")
def learn_nets(net, stride, theta, first, second, baseline, sizes, images, plan, n_classes, threshold, adam, count):
    """Steps (n_nets, n_steps, batch) in place, for each `stride`-th of the nets from `net` on.

    `plan` holds the arrays of a `ShowPlan`, `adam` the learning rates of the nets and the constants of the optimiser.
    """
    rates, beta1, beta2, epsilon = adam
    for r in range(net, theta.shape[0], stride):
        shown, own = (plan[0][r], plan[1][r], plan[2][r], plan[3][r]), (rates[r], beta1, beta2, epsilon)
        averages = _of_net(baseline, r)
        _learn(theta[r], first[r], second[r], averages, sizes, images, shown, n_classes, threshold, own, count)


@dataclass(frozen=True, eq=False)
class NetReplicas:
    """Parameters (n, n_parameters) of nets of one shape, in the order of `ForwardForward.flat`, after `count` steps.

    `shape` is any net of that shape; `first` and `second` are Adam's moments, of the shape of the parameters, or
    (n, 0) before Adam's first step and under plain descent, which has none. With a `baseline` of averages of the
    gradients and the rates at which a phase moves them, learning goes around it.
    """

    shape: ForwardForward
    parameters: np.ndarray
    first: np.ndarray
    second: np.ndarray
    count: int = 0
    baseline: Baseline | None = None

    def __post_init__(self) -> None:
        sizes = self.shape.sizes
        n, n_parameters = len(self.parameters), sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
        moments = (n, np.size(self.first) and n_parameters)
        for name, wanted in (("parameters", (n, n_parameters)), ("first", moments), ("second", moments)):
            array = np.array(finite(getattr(self, name), name), dtype=np.float32, order="C")
            if array.shape != wanted:
                raise ValueError(f"{name} must have shape {wanted}, got {array.shape}")
            object.__setattr__(self, name, array)

    @classmethod
    def of(cls, nets: list[ForwardForward]) -> "NetReplicas":
        """One replica of each net, before the first step."""
        none = np.empty((len(nets), 0))
        return cls(nets[0], np.stack([net.flat for net in nets]), none, none)

    def net(self, replica: int) -> ForwardForward:
        """The net of one replica."""
        return self.shape.with_flat(self.parameters[replica].astype(np.float64))


@dataclass(frozen=True, eq=False)
class ShowPlan:
    """What each net is shown in its next steps, all (n, n_steps, batch).

    `rows` of the images; `labels` that are written over their first pixels, the true one in a positive phase and a
    wrong one in a negative; `weights` of the estimator over the batch size, :math:`1/b` and :math:`-1/(1-b)` for ISD,
    1 and -1 for the two images of a two-term step.
    """

    rows: np.ndarray
    labels: np.ndarray
    is_positive: np.ndarray
    weights: np.ndarray

    def __post_init__(self) -> None:
        kinds = {"rows": np.int64, "labels": np.int64, "is_positive": bool, "weights": np.float32}
        set_arrays(self, kinds, "n, n_steps, batch")
        if not self.rows.size:
            raise ValueError(f"a plan has a net, a step and an image at least, got shape {self.rows.shape}")
        finite(self.weights, "weights")


def learn_shown(
    nets: NetReplicas,
    images: np.ndarray,
    plan: ShowPlan,
    optimiser: SGD | Adam,
    *,
    rates: np.ndarray | None = None,
    n_classes: int = 10,
) -> NetReplicas:
    """Nets after the steps of `plan`, each a step of SGD or Adam along the weighted gradient of its batch.

    `images` (n_images, n_pixels) are float32. `rates` (n,) are learning rates, else all have the optimiser's.
    """
    pictures, n = _pictures(images, nets, plan, n_classes), len(nets.parameters)
    eta = np.full(n, optimiser.learning_rate) if rates is None else np.asarray(rates)
    if eta.shape != (n,) or plan.rows.shape[0] != n:
        raise ValueError(f"rates and plan must be for {n} nets, got shapes {eta.shape} and {plan.rows.shape}")
    for rate in eta:
        positive(rate, "learning rate")
    m, s = _moments(nets, optimiser)
    baseline = None
    if nets.baseline is not None:
        baseline = tuple(np.array(part, dtype=np.float32, order="C") for part in nets.baseline)
        if plan.rows.shape[2] != 1:
            raise ValueError(f"nets around a baseline learn from one image a step, got batches of {plan.rows.shape[2]}")
    after = None if baseline is None else Baseline(*baseline)
    new = replace(nets, first=m, second=s, count=nets.count + plan.rows.shape[1], baseline=after)
    constants = (np.float32(getattr(optimiser, name, 0.0)) for name in ("beta1", "beta2", "epsilon"))
    adam, steps = (eta.astype(np.float32), *constants), (plan.rows, plan.labels, plan.is_positive, plan.weights)
    sizes, threshold = np.array(nets.shape.sizes), np.float32(nets.shape.threshold)
    parts = new.parameters, new.first, new.second, baseline, sizes, pictures, steps, n_classes, threshold, adam
    in_turns(
        lambda first, stride: learn_nets(first, stride, *parts, nets.count),
        n,
        (0.5 if m.size else 0.15) * plan.rows.size * nets.parameters.shape[1],
    )
    return new


def _moments(nets: NetReplicas, optimiser: SGD | Adam) -> tuple[np.ndarray, np.ndarray]:
    """First and second moments that `optimiser` goes on from: none for SGD, zeros before Adam's first step."""
    if isinstance(optimiser, SGD):
        return nets.first[:, :0], nets.second[:, :0]
    if nets.first.size:
        return nets.first, nets.second
    if nets.count:
        raise ValueError(f"Adam needs its moments after {nets.count} steps; start from NetReplicas.of(nets)")
    return np.zeros_like(nets.parameters), np.zeros_like(nets.parameters)


def learn_shown_numpy(
    nets: NetReplicas,
    images: np.ndarray,
    plan: ShowPlan,
    optimiser: SGD | Adam,
    *,
    rates: np.ndarray | None = None,
    n_classes: int = 10,
) -> tuple[list[ForwardForward], Baseline | None]:
    """What `learn_shown` does, one net and one step after the other, in float64: the nets, and their baselines."""
    learned, (m, s), n_steps = [], _moments(nets, optimiser), plan.rows.shape[1]
    means = None if nets.baseline is None else [np.array(part, dtype=np.float64) for part in nets.baseline[:2]]
    for r in range(len(nets.parameters)):
        net, share = nets.net(r), 1.0 if rates is None else rates[r] / optimiser.learning_rate
        memory = {"first": m[r].astype(np.float64), "second": s[r].astype(np.float64), "count": np.float64(nets.count)}
        for t in range(n_steps):
            shown = np.array(images[plan.rows[r, t]], dtype=np.float64)
            shown[:, :n_classes] = np.eye(n_classes)[plan.labels[r, t]]
            signs, weights = plan.is_positive[r, t], plan.weights[r, t].astype(np.float64)
            if means is None or nets.baseline is None:
                estimate = net.weighted_gradient(shown, signs, weights)
            else:
                gradient = net.weighted_gradient(shown, signs, np.ones(1))
                ema = PhaseEMA(float(nets.baseline.p_positive[r]), float(nets.baseline.rate[r]))
                known = PhaseState(means[0][r], means[1][r], np.zeros(()), np.zeros(()))
                estimate = weights[0] * (gradient - ema.centre(known))
                means[0][r], means[1][r] = ema.update(known, gradient, signs[0])[:2]
            change, memory = optimiser.step(estimate, memory, share)
            net = net.with_flat(net.flat + change)
        learned.append(net)
    if means is None or nets.baseline is None:
        return learned, None
    return learned, Baseline(means[0], means[1], *nets.baseline[2:])


def _pictures(images: np.ndarray, nets: NetReplicas, plan: ShowPlan, n_classes: int) -> np.ndarray:
    """`images` as contiguous float32, after a look at everything that the kernel would read without asking."""
    pictures = np.ascontiguousarray(images, dtype=np.float32)
    n_pixels = nets.shape.sizes[0]
    if pictures.ndim != 2 or pictures.shape[1] != n_pixels or n_classes > n_pixels:
        raise ValueError(f"images must be rows of {n_pixels} pixels with room for labels, got shape {pictures.shape}")
    for name, top in (("rows", len(pictures)), ("labels", n_classes)):
        found = getattr(plan, name)
        if found.min() < 0 or found.max() >= top:
            raise ValueError(f"{name} must lie in 0..{top - 1}, got {found.min()}..{found.max()}")
    return finite(pictures, "images")
