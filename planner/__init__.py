"""Plan where services go: roads and people in; coverage, plans with proof, maps and tables out.

The public names stand in ``__init__.pyi`` and are loaded when first used, so that ``import planner`` stays quick.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = "0.1.0"
