"""ISD draws with running mean and covariance, Gaussian phases and finite laws, against NumPy and a script."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: all candidates get one thread

import numba
import numpy as np

from benchmarks import peers
from benchmarks.rates import Floor
from benchmarks.runner import CPU, Candidate, interleaved, row, show, write
from cl_theory.learning.models.isd_draws import GaussianPhases, finite_isd_draws, gaussian_isd_draws
from cl_theory.theory.estimators.laws import FiniteLaw

B = 0.3


def _phases(d: int) -> GaussianPhases:
    rng = np.random.default_rng(d)
    a, b = rng.normal(size=(2, d, d)) / np.sqrt(d)
    return GaussianPhases(rng.normal(size=d), a @ a.T, rng.normal(size=d), b @ b.T)


def _moments(z):
    return z.mean(axis=0), np.cov(z.T)


def numpy_gaussian(rng, phases, n):
    """As one would write it: both phases for all draws, one `where`."""
    factor_positive, factor_negative = phases.factors
    d = len(phases.mean_positive)
    is_positive = rng.random(n) < B
    g_positive = phases.mean_positive + rng.standard_normal((n, d)) @ factor_positive.T
    g_negative = phases.mean_negative + rng.standard_normal((n, d)) @ factor_negative.T
    return _moments(np.where(is_positive[:, None], g_positive / B, -g_negative / (1 - B)))


def numpy_gaussian_one_phase(rng, phases, n):
    """NumPy at its best: normals for the phase that runs only."""
    n_positive = rng.binomial(n, B)
    factor_positive, factor_negative = phases.factors
    x = rng.standard_normal((n, len(phases.mean_positive)))
    z = np.empty_like(x)
    z[:n_positive] = (phases.mean_positive + x[:n_positive] @ factor_positive.T) / B
    z[n_positive:] = (phases.mean_negative + x[n_positive:] @ factor_negative.T) / (B - 1)
    return _moments(z)


def script_gaussian(rng, phases, n):
    """One draw at a time with Welford's running moments."""
    factors, means = phases.factors, (phases.mean_positive, phases.mean_negative)
    d = len(means[0])
    mean, scatter = np.zeros(d), np.zeros((d, d))
    for k in range(1, n + 1):
        phase = int(rng.random() >= B)
        g = means[phase] + factors[phase] @ rng.standard_normal(d)
        z = g / B if phase == 0 else -g / (1 - B)
        step = z - mean
        mean += step / k
        scatter += np.outer(step, z - mean)
    return mean, scatter / (n - 1)


def numpy_finite(rng, law, n):
    """As one would write it: a coin, an atom, the estimate, its moments."""
    atom, is_positive = rng.choice(len(law.probability), size=n, p=law.probability), rng.random(n) < B
    return _moments(np.where(is_positive[:, None], law.g_positive[atom] / B, -law.g_negative[atom] / (1 - B)))


def gaussian_row(d: int, n: int) -> dict:
    """Draws in dimension d; floor: d normals and a coin, d^2 multiply-adds for z and d(d+1)/2 for z z'."""
    rng, phases = np.random.default_rng(0), _phases(d)
    candidates = [
        Candidate("kernel", lambda: gaussian_isd_draws(rng, phases, n, B), n),
        Candidate("NumPy", lambda: numpy_gaussian(rng, phases, n), n),
        Candidate("NumPy, one phase a draw", lambda: numpy_gaussian_one_phase(rng, phases, n), n),
        Candidate("script, one draw at a time", lambda: script_gaussian(rng, phases, 300), 300),
    ]
    if peers.HAS_TORCH:
        (factor_positive, factor_negative), means = phases.factors, (phases.mean_positive, phases.mean_negative)
        run = peers.torch_gaussian(factor_positive, means[0], factor_negative, means[1], B, n)
        candidates.append(Candidate("torch, one phase a draw", run, n))
    floor = Floor({"normal": d, "word": 1, "double multiply-add": d * d + d * (d + 1) / 2})
    times = interleaved([*candidates, *floor.probes], clock=CPU)
    own = {c.name: times[c.name] for c in candidates}
    return row(f"Gaussian phases, d = {d}, one draw", own, ours="kernel", floor=floor.nanoseconds(times))


def finite_row(n_atoms: int, d: int, n: int) -> dict:
    """Draws from a law on `n_atoms` atoms."""
    rng, law = np.random.default_rng(0), FiniteLaw.random(np.random.default_rng(1), n_atoms, d).floats()
    candidates = [
        Candidate("multinomial counts", lambda: finite_isd_draws(rng, law, n, B), n),
        Candidate("NumPy", lambda: numpy_finite(rng, law, n), n),
    ]
    return row(
        f"finite law, {n_atoms} atoms, d = {d}, one draw", interleaved(candidates, clock=CPU), ours="multinomial counts"
    )


def main() -> None:
    """Print and write the table, one thread."""
    numba.set_num_threads(1)
    rows = []
    for make in (
        lambda: gaussian_row(8, 200_000),
        lambda: gaussian_row(32, 50_000),
        lambda: gaussian_row(128, 20_000),
        lambda: finite_row(32, 8, 200_000),
    ):
        rows.append(make())
        show(rows[-1])
    write("isd_draws", {"rows": rows})


if __name__ == "__main__":
    main()
