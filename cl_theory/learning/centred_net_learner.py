"""Forward-forward nets that learn in lock-step by ISD around a running baseline: compiled, one image a step."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cl_theory.estimators.baselines import PhaseEMA, PhaseState
from cl_theory.learning.centred_net_kernels import learn_centred_nets
from cl_theory.learning.net_replica_learner import MOMENTS, NetReplicaLearner
from cl_theory.learning.optimisers import Memory
from cl_theory.learning.randomness import Randomness
from cl_theory.learning.schedules import CentredISD
from cl_theory.learning.state import TrainingState
from cl_theory.models.forward_forward import ForwardForward
from cl_theory.threads import in_turns

AVERAGES = "baseline.positive", "baseline.negative"
"""Names of the moving averages of both phases' gradients in the memory of a run."""


@dataclass(frozen=True, eq=False)
class CentredNetLearner(NetReplicaLearner):
    """What `NetReplicaLearner` does under ISD, around moving averages of both phases' gradients.

    Its nets meet the same images in the same phases as those that have no baseline. Each phase moves the average of
    its kind by the schedule's `baseline_rate`. Source of the rule: `cl_theory.estimators.baselines.PhaseEMA`.
    """

    schedules: tuple[CentredISD, ...]

    def _check_schedules(self) -> None:
        if self.batch_size != 1 or {type(schedule) for schedule in self.schedules} != {CentredISD}:
            raise ValueError(
                f"nets around a baseline learn by CentredISD from one image a step, got {self.schedules!r} and "
                f"batch_size {self.batch_size}; use ForwardForwardLearner for batches"
            )

    @property
    def _remembered(self) -> tuple[str, ...]:
        return (*super()._remembered, *AVERAGES)

    def run(self, state: TrainingState, n: int, randomness: Randomness) -> TrainingState:
        plan, met = self.plan(state.iteration, n, randomness)
        theta, none = state.parameters.copy(), state.parameters[:, :0]
        memory = {name: state.memory[name].copy() for name in self._remembered}
        first, second = (memory.get(name, none) for name in MOMENTS)
        positive, negative = (memory[name] for name in AVERAGES)
        beta1, beta2, epsilon = (
            np.float32(getattr(self.optimiser, name, 0.0)) for name in ("beta1", "beta2", "epsilon")
        )
        b, follow = (
            np.array([getattr(schedule, name) for schedule in self.schedules], dtype=np.float32)
            for name in ("p_positive", "baseline_rate")
        )
        net, images = self.nets[0], self.images[met]
        in_turns(
            lambda start, stride: learn_centred_nets(
                start, stride, theta, first, second, positive, negative, np.array(net.sizes),
                images, plan.rows, plan.labels, self.n_classes, plan.is_positive, plan.weights,
                np.float32(net.threshold), np.array(self.learning_rates, dtype=np.float32), beta1, beta2, epsilon, b,
                follow, state.iteration,
            ),
            len(theta),
            plan.rows.size * theta.shape[1],
        )  # fmt: skip
        return TrainingState(state.iteration + n, theta, memory)

    def step_numpy(self, state: TrainingState, randomness: Randomness) -> TrainingState:
        """What `run` does in one step, net by net, in float64: the readable sibling."""
        plan, met = self.plan(state.iteration, 1, randomness)
        learned = [self._one(r, state, plan, self.images[met]) for r in range(len(self.nets))]
        theta, memories = zip(*learned, strict=True)
        memory = {name: np.stack([of_one[name] for of_one in memories]) for name in self._remembered}
        return TrainingState(state.iteration + 1, np.stack(theta), memory)

    def _one(self, r: int, state: TrainingState, plan: Any, images: np.ndarray) -> tuple[np.ndarray, Memory]:
        net: ForwardForward = self.nets[r].with_flat(state.parameters[r].astype(np.float64))
        shown = images[plan.rows[r, 0]].astype(np.float64)
        shown[:, : self.n_classes] = np.eye(self.n_classes)[plan.labels[r, 0]]
        sign, weight = plan.is_positive[r, 0], np.float64(plan.weights[r, 0, 0])
        gradient = net.weighted_gradient(shown, sign, np.ones(1))
        baseline = PhaseEMA(self.schedules[r].p_positive, self.schedules[r].baseline_rate)
        none = np.zeros(())
        positive, negative = (state.memory[name][r] for name in AVERAGES)
        averages = PhaseState(positive, negative, none, none)
        known = {name.split(".")[1]: state.memory[name][r] for name in super()._remembered}
        estimate = weight * (gradient - baseline.centre(averages))
        change, known = self.optimiser.step(
            estimate, {**known, "count": np.array(float(state.iteration))}, self._share(r)
        )
        averages = baseline.update(averages, gradient, sign[0])
        memory = {name: known[name.split(".")[1]] for name in super()._remembered}
        return net.flat + change, memory | dict(zip(AVERAGES, averages[:2], strict=True))

    def _share(self, r: int) -> float:
        return self.learning_rates[r] / self.optimiser.learning_rate
