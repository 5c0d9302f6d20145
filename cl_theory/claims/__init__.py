"""The register of claims, the evidence they earn, their verdicts, and the regression of their numbers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
