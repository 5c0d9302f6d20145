"""The few dimensions in which a large law's means, some vectors and all traces can be told."""

import numpy as np

from cl_theory.laws.moments import PhaseMoments, independent_moments


def folded_moments(moments: PhaseMoments, vectors: np.ndarray) -> tuple[PhaseMoments, np.ndarray]:
    """Moments of independent phases in an orthonormal basis of both means and `vectors` (f, d), and the vectors in it.

    One more coordinate, of mean 0, holds the variance that the basis leaves out, so that traces, norms of means
    and everything along the vectors are those of the full law, in f + 3 dimensions. For float64 moments.
    """
    rows = np.vstack([moments.mean_positive, moments.mean_negative, vectors])
    scales = np.linalg.norm(rows, axis=1, keepdims=True)
    basis = np.linalg.qr((rows / np.where(scales > 0, scales, 1.0)).T)[0].T
    means = basis @ moments.mean_positive, basis @ moments.mean_negative
    seconds = basis @ moments.second_positive @ basis.T, basis @ moments.second_negative @ basis.T
    traces = moments.m_positive, moments.m_negative
    positive, negative = (
        (np.append(mean, 0.0), _with_rest(second, trace))
        for mean, second, trace in zip(means, seconds, traces, strict=True)
    )
    return independent_moments(*positive, *negative), np.pad(np.atleast_2d(vectors) @ basis.T, [(0, 0), (0, 1)])


def _with_rest(second: np.ndarray, trace: float) -> np.ndarray:
    larger = np.pad(second, [(0, 1), (0, 1)])
    larger[-1, -1] = trace - np.trace(second)
    return larger
