"""The one Core of this web process, shared by every visitor and by the HTTP routes."""

import threading
from itertools import count

from prosepolish_core import Config, Core
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.ports import SampleReader, TelemetryReader

_lock = threading.Lock()
_generations = count(1)
_held: tuple[Core, int] | None = None


def install(core: Core) -> None:
    """Make this the Core of the process. `app.py` does it once, tests as often as they like."""
    global _held
    with _lock:
        _held = (core, next(_generations))


def core() -> Core:
    """The installed Core; where nobody installed one, a Core from the environment."""
    return _current()[0]


def generation() -> int:
    """Changes whenever another Core is installed, so that nothing read through the old one is served from a cache."""
    return _current()[1]


def _current() -> tuple[Core, int]:
    global _held
    with _lock:
        if _held is None:
            _held = (Core.open(Config.from_env()), next(_generations))
        return _held


def samples() -> SampleReader:
    """Collector samples, to be read by views."""
    part: SampleReader | None = getattr(core(), "samples", None)
    if part is None:
        raise StoreUnavailable("this build reads no samples")
    return part


def telemetry() -> TelemetryReader:
    """What the core counted, to be read by views."""
    part: TelemetryReader | None = getattr(core(), "telemetry", None)
    if part is None:
        raise StoreUnavailable("this build reads no counts")
    return part
