"""Forward-forward nets that learn in lock-step by SGD or Adam: seeds, values of b, learning rates, one net each.

float32, no random numbers: images, labels and phases come ready. `learn_shown_numpy` is the readable sibling.
"""

from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np

from cl_theory.arguments import finite, positive
from cl_theory.learning.forward_forward_kernels import learn_nets
from cl_theory.learning.optimisers import SGD, Adam
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.threads import in_turns


@dataclass(frozen=True, eq=False)
class NetReplicas:
    """Parameters (n, n_parameters) of nets of one shape, in the order of `ForwardForward.flat`, after `count` steps.

    `shape` is any net of that shape; `first` and `second` are Adam's moments, of the shape of the parameters, or
    (n, 0) before Adam's first step and under plain descent, which has none.
    """

    shape: ForwardForward
    parameters: np.ndarray
    first: np.ndarray
    second: np.ndarray
    count: int = 0

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
        for field in fields(self):
            array = np.ascontiguousarray(getattr(self, field.name), dtype=kinds[field.name])
            object.__setattr__(self, field.name, array)
        shapes = {field.name: getattr(self, field.name).shape for field in fields(self)}
        if len(set(shapes.values())) != 1 or self.rows.ndim != 3 or 0 in self.rows.shape:
            raise ValueError(f"a plan is (n, n_steps, batch) throughout, none of them 0, got {shapes}")
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
    pictures = _pictures(images, nets, plan, n_classes)
    n = len(nets.parameters)
    eta = np.full(n, optimiser.learning_rate) if rates is None else np.asarray(rates)
    if eta.shape != (n,) or plan.rows.shape[0] != n:
        raise ValueError(f"rates and plan must be for {n} nets, got shapes {eta.shape} and {plan.rows.shape}")
    for rate in eta:
        positive(rate, "learning rate")
    m, s = _moments(nets, optimiser)
    new = replace(nets, first=m, second=s, count=nets.count + plan.rows.shape[1])
    beta1, beta2, epsilon = (np.float32(getattr(optimiser, name, 0.0)) for name in ("beta1", "beta2", "epsilon"))
    in_turns(
        lambda first, stride: learn_nets(
            first, stride, new.parameters, new.first, new.second, np.array(nets.shape.sizes), pictures, plan.rows,
            plan.labels, n_classes, plan.is_positive, plan.weights, np.float32(nets.shape.threshold),
            eta.astype(np.float32), beta1, beta2, epsilon, nets.count,
        ),
        n,
        (0.5 if m.size else 0.15) * plan.rows.size * nets.parameters.shape[1],
    )  # fmt: skip
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
    nets: NetReplicas, images: np.ndarray, plan: ShowPlan, optimiser: SGD | Adam, *, n_classes: int = 10
) -> list[ForwardForward]:
    """What `learn_shown` does, one net and one step after the other, in float64."""
    learned, (m, s) = [], _moments(nets, optimiser)
    for r in range(len(nets.parameters)):
        net = nets.net(r)
        memory = {"first": m[r].astype(np.float64), "second": s[r].astype(np.float64), "count": np.float64(nets.count)}
        for t in range(plan.rows.shape[1]):
            shown = np.array(images[plan.rows[r, t]], dtype=np.float64)
            shown[:, :n_classes] = np.eye(n_classes)[plan.labels[r, t]]
            gradient = net.weighted_gradient(shown, plan.is_positive[r, t], plan.weights[r, t].astype(np.float64))
            change, memory = optimiser.step(gradient, memory)
            net = net.with_flat(net.flat + change)
        learned.append(net)
    return learned


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
