"""Data sets: generated, bundled with a dependency, or fetched on request."""

from cl_theory.datasets.bars_and_stripes import bars_and_stripes
from cl_theory.datasets.digits import digits

__all__ = ["bars_and_stripes", "digits"]
