"""Comparing two things and saying how surely: symbolic, exact, numeric and Monte Carlo checks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
