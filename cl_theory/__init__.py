"""Contrastive learning with flexible phases: estimators, exact laws, kernels, and the checks of every claim."""

import lazy_loader

__version__ = "0.1.0"

# What is in __init__.pyi is imported when it is first asked for: `import cl_theory` costs a few milliseconds.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
