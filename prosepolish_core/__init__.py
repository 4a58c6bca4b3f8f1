"""The ProsePolish cache stack: tiered lookup, corrections, profiles, limits,
sessions, and the store behind its dashboard.

What is named here is public: it changes only as CONTRIBUTING.md says. Every other module is ours to change.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import Config
    from .core import Core
    from .errors import (
        ConfigError,
        InvalidIdentifier,
        InvalidInput,
        InvalidLimit,
        InvalidText,
        InvalidWord,
        LookupUnavailable,
        ProsePolishError,
        SessionOutcomeUnknown,
        SessionUnavailable,
        StoreUnavailable,
    )
    from .live.cache import FamilyCache
    from .live.limits.headers import rate_limit_headers, rate_limit_status
    from .model.correction import Correction
    from .model.entry import Entry
    from .model.keys import KeyFamily
    from .model.limit import Decision, Limit
    from .model.lookup import Lookup
    from .model.session import Session
    from .watch.metrics.process_collector import PrometheusCollector

__all__ = [
    "Config",
    "ConfigError",
    "Core",
    "Correction",
    "Decision",
    "Entry",
    "FamilyCache",
    "InvalidIdentifier",
    "InvalidInput",
    "InvalidLimit",
    "InvalidText",
    "InvalidWord",
    "KeyFamily",
    "Limit",
    "Lookup",
    "LookupUnavailable",
    "PrometheusCollector",
    "ProsePolishError",
    "Session",
    "SessionOutcomeUnknown",
    "SessionUnavailable",
    "StoreUnavailable",
    "__version__",
    "rate_limit_headers",
    "rate_limit_status",
]
__version__ = "0.2.0"
#: Public name -> module, loaded when first asked for: whoever needs only an error does not wait for the drivers.
_PLACES = {
    "Config": ".config",
    "ConfigError": ".errors",
    "Core": ".core",
    "Correction": ".model.correction",
    "Decision": ".model.limit",
    "Entry": ".model.entry",
    "FamilyCache": ".live.cache",
    "InvalidIdentifier": ".errors",
    "InvalidInput": ".errors",
    "InvalidLimit": ".errors",
    "InvalidText": ".errors",
    "InvalidWord": ".errors",
    "KeyFamily": ".model.keys",
    "Limit": ".model.limit",
    "Lookup": ".model.lookup",
    "LookupUnavailable": ".errors",
    "ProsePolishError": ".errors",
    "PrometheusCollector": ".watch.metrics.process_collector",
    "Session": ".model.session",
    "SessionOutcomeUnknown": ".errors",
    "SessionUnavailable": ".errors",
    "StoreUnavailable": ".errors",
    "rate_limit_headers": ".live.limits.headers",
    "rate_limit_status": ".live.limits.headers",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name], __name__), name)
