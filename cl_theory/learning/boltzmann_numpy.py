"""The readable sibling of the Boltzmann kernels: the same random numbers, in float64, one unit after the other."""

import numpy as np

from cl_theory.learning.boltzmann_replicas import BoltzmannReplicas, Chains
from cl_theory.learning.gibbs_numpy import sweeps_noise
from cl_theory.learning.gibbs_sweeps import CLAMPED, FREE
from cl_theory.learning.replica_kernels import START
from cl_theory.learning.replicas import PhasePlan
from cl_theory.models.boltzmann import BoltzmannMachine
from cl_theory.philox import CounterStream


def hidden_in_turn(machine: BoltzmannMachine, v: np.ndarray, h: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """h after one sweep over the hidden units with v held."""
    h = np.array(h)
    for j in range(h.size):
        h[j] = machine.hidden_bias[j] + machine.weights[j] @ v + machine.hidden_weights[j] @ h > noise[j]
    return h


def free_sweep(machine: BoltzmannMachine, h: np.ndarray, noise: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """v given h, then the hidden units in turn."""
    v = (h @ machine.weights + machine.visible_bias > noise[0]).astype(float)
    return v, hidden_in_turn(machine, v, h, noise[1])


def learn_boltzmann_phases(
    rng: CounterStream,
    replicas: BoltzmannReplicas,
    chains: Chains,
    plan: PhasePlan,
    data: np.ndarray,
    *,
    always_on: bool,
    chain: str = "carried-over",
    visible_biases: bool = True,
) -> tuple[list[BoltzmannMachine], Chains]:
    """What `boltzmann_replicas.learn_boltzmann_phases` does; the parameters come as machines in float64."""
    learned, after = [], Chains(*(np.array(part, dtype=float) for part in chains))
    for r in range(len(replicas)):
        machine = replicas.machine(r)
        waiting = np.zeros_like(machine.flat)
        for p, positive in enumerate(plan.is_positive[r]):
            place, row = (rng.later(p), r, p), np.asarray(data[plan.data_row[r, p]], dtype=float)
            state = _first(place, machine, after, row, positive, always_on, chain)
            machine, state, change = _phase(place, machine, state, plan, always_on, visible_biases)
            waiting = waiting + change
            if not plan.hold[r, p]:  # type: ignore[index]
                machine, waiting = machine.with_flat(machine.flat + waiting), np.zeros_like(waiting)
            after.last_h[r] = state[1]
            if chain == "carried-over" or not positive:
                after.v[r], after.h[r] = state
        learned.append(machine)
    return learned, after


def _first(place, machine, chains, row, positive, always_on, chain):
    """State in which a phase begins."""
    rng, r, _ = place
    if positive:
        return row, chains.last_h[r] if always_on else chains.h[r]
    if chain == "cd":
        ((noise,),) = sweeps_noise(rng, r, int(START), (machine.n_hidden,), 1)
        return row, hidden_in_turn(machine, row, chains.h[r], noise)
    return chains.v[r], chains.h[r]


def _phase(place, machine, state, plan, always_on, visible_biases):
    """(machine, last state, update that is left for the end) after one phase."""
    rng, r, p = place
    (v, h), positive, step = state, plan.is_positive[r, p], plan.step_size[r, p]
    sizes = (machine.n_hidden,) if positive else (machine.n_visible, machine.n_hidden)
    for noise in sweeps_noise(rng, r, CLAMPED if positive else FREE, sizes, plan.n_sweeps[r, p]):
        v, h = (v, hidden_in_turn(machine, v, h, noise[0])) if positive else free_sweep(machine, h, noise)
        if always_on:
            machine = machine.with_flat(machine.flat + _change(machine, v, h, step, visible_biases))
    left = 0 * machine.flat if always_on else _change(machine, v, h, step, visible_biases)
    return machine, (v, h), left


def _change(machine: BoltzmannMachine, v: np.ndarray, h: np.ndarray, step: float, visible_biases: bool) -> np.ndarray:
    gradient = machine.gradient(v[None], h[None])[0]
    if not visible_biases:
        gradient[machine.weights.size : machine.weights.size + machine.n_visible] = 0
    return -float(step) * gradient
