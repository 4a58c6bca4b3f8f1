"""The ProsePolish cache stack: tiered lookup, corrections, profiles, limits, sessions, and the store behind its dashboard."""

from .config import Config
from .core import Core
from .model.limit import Limit

__all__ = ["Config", "Core", "Limit"]
