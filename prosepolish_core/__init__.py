"""The ProsePolish cache stack: tiered lookup, corrections, profiles, limits,
sessions, and the store behind its dashboard.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import Config
    from .core import Core
    from .model.limit import Limit

__all__ = ["Config", "Core", "Limit"]
#: Loaded when first asked for: whoever needs only a value or an error does not wait for the drivers.
_PLACES = {"Config": ".config", "Core": ".core", "Limit": ".model.limit"}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name], __name__), name)
