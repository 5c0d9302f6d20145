"""Cells of always-on learning without its noise: many copies that share parameters, and the mean flow."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cl_theory.learning.learners.parts import AlwaysOnISD, named_schedule
from cl_theory.learning.learners.replicas import Baseline, Chains, PhasePlan, Replicas, learn_phases
from cl_theory.learning.models.images import bars_and_stripes
from cl_theory.learning.models.rbm import RBM, rbm_phase_means
from cl_theory.learning.models.rbm_phases import always_on_flow
from cl_theory.philox import CounterStream, philox_key
from cl_theory.proof.experiments.definition import Seeds, Settings
from cl_theory.proof.experiments.rbm_runs import first_rbm
from cl_theory.proof.experiments.tracing import listed
from cl_theory.seeds import FIXED_ROOT, stream
from cl_theory.theory.estimators.isd import isd_weights


def run(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """The exact loss of each ensemble (one a seed) at `points`, phases of every copy, as plain JSON."""
    return _as_traced(settings, points, [_losses(settings, seed, points) for seed in seeds])


def _as_traced(settings: Settings, points: Sequence[int], losses: Sequence[Sequence[float]]) -> dict[str, Any]:
    """What `traced` would give for these losses, a list a seed."""
    return {
        "axes": {"phases": list(points), "time": [float(settings["rate"]) * phases for phases in points]},
        "curves": {"nll": listed(np.transpose(losses))},
        "final": {},
        "diverged": None,
    }


def small_start(settings: Settings) -> tuple[RBM, np.ndarray]:
    """(the RBM that every ensemble starts from, the rows that it learns)."""
    data = bars_and_stripes(settings["size"])
    rng = stream(FIXED_ROOT, "experiments", "small start")
    weights = settings["first_weights"] * rng.standard_normal((settings["hidden"], data.shape[1]))
    return RBM(weights, np.zeros(data.shape[1]), np.zeros(settings["hidden"])), data


def _losses(settings: Settings, seed: int, points: Sequence[int]) -> list[float]:
    rbm, data = small_start(settings)
    ensemble, losses = Ensemble(settings, seed), []
    for phase in range(points[-1] + 1):
        if phase in points:
            losses.append(rbm.with_flat(ensemble.parameters).negative_log_likelihood(data))
        ensemble.run_phase(phase)
    return losses


class Ensemble:
    """Copies between two phases. Averages of a baseline start at the exact means, as if learned before."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.start, self.data = small_start(settings)
        schedule = named_schedule("always-on-isd", length=settings["sweeps"], **settings["schedule"])
        assert isinstance(schedule, AlwaysOnISD)
        self.schedule, self.rate, self.n = schedule, float(settings["rate"]), int(settings["copies"])
        self.rng = stream(FIXED_ROOT, "experiments", "ensemble", seed)
        self.stream = CounterStream(philox_key(self.rng), np.arange(self.n, dtype=np.uint32))
        self.parameters = self.start.flat
        self.averages = [-mean for mean in rbm_phase_means(self.start, self.data)]
        v = self.rng.integers(0, 2, (self.n, self.start.n_visible)).astype(np.float32)
        self.chains = Chains(v, self.rng.integers(0, 2, (self.n, self.start.n_hidden)).astype(np.float32))

    def run_phase(self, number: int) -> None:
        """One phase of every copy from the shared parameters, which then become the mean of all."""
        here, baseline, rate = self.stream.later(number), None, self.schedule.baseline_rate
        if rate is not None:
            positive, negative = (_copies(part, self.n) for part in self.averages)
            odds = np.full(self.n, self.schedule.p_positive)
            rates = np.full(self.n, rate / float(self.schedule.length.mean))
            baseline = Baseline(positive, negative, odds, rates)
        before = Replicas(self.start, _copies(self.parameters, self.n))
        after, self.chains, moved = learn_phases(
            here,
            before,
            self.chains,
            self._plan(),
            self.data,
            always_on=True,
            chain="persistent",
            visible_biases=False,
            baseline=baseline,
        )
        self.parameters = after.parameters.mean(axis=0, dtype=np.float64)
        if moved is not None:
            self.averages = [part.mean(axis=0, dtype=np.float64) for part in moved[:2]]

    def _plan(self) -> PhasePlan:
        """Coins, lengths, step sizes and rows of the next phase of every copy, (n, 1) each."""
        b, tau = self.schedule.p_positive, float(self.schedule.length.mean)
        signs = self.rng.random((self.n, 1)) < b
        lengths = self.schedule.length.sample(self.rng, self.n)[:, None]
        steps = self.rate / tau * isd_weights(signs, p_positive=b)
        return PhasePlan(signs, lengths, steps, self.rng.integers(0, len(self.data), (self.n, 1)))


def _copies(row: np.ndarray, n: int) -> np.ndarray:
    return np.repeat(np.asarray(row, dtype=np.float32)[None], n, axis=0)


def run_mean_flow(settings: Settings, seeds: Seeds, points: Sequence[int]) -> dict[str, Any]:
    """The exact loss at `points` (phases) along the flow from the first weights of each seed, as plain JSON.

    `second_moment` is E T^2/tau^2 of the phases; 0 leaves the gradient of the loss.
    """
    data, b, rate = bars_and_stripes(4), float(settings["b"]), float(settings["rate"])
    times = [rate * phases for phases in points]
    losses = []
    for seed in seeds:
        start = first_rbm(seed, data.shape[1], settings["hidden"])
        path = always_on_flow(
            start, data, times, rate, b, centred=settings["centred"], second_moment=settings["second_moment"],
            visible_biases=False,
        )  # fmt: skip
        losses.append([rbm.negative_log_likelihood(data) for rbm in path])
    return _as_traced(settings, points, losses)
