"""The one Core of this web process, shared by every visitor and by the HTTP routes."""

import threading
from functools import cached_property
from itertools import count

from prosepolish_core import Config, Core
from prosepolish_core.ports import SampleReader, TelemetryReader
from prosepolish_core.watch.metrics.render import Exposition

_lock = threading.Lock()
_generations = count(1)


class _Held:
    def __init__(self, held: Core) -> None:
        self.core = held
        self.generation = next(_generations)

    @cached_property
    def exposition(self) -> Exposition:
        return Exposition(self.core.samples, self.core.telemetry, tuple(self.core.config.targets()), self.core.alerts.channels)


_held: _Held | None = None


def install(held: Core) -> None:
    """Make this the Core of the process. `app.py` does it once, tests as often as they like."""
    global _held
    with _lock:
        _held = _Held(held)


def core() -> Core:
    """The installed Core; where nobody installed one, a Core from the environment."""
    return _current().core


def generation() -> int:
    """Changes whenever another Core is installed, so that nothing read through the old one is served from a cache."""
    return _current().generation


def samples() -> SampleReader:
    """Collector samples, to be read by views."""
    return core().samples


def telemetry() -> TelemetryReader:
    """What the core counted, to be read by views."""
    return core().telemetry


def exposition() -> Exposition:
    """What /metrics says; its counters grow as long as this process lives."""
    return _current().exposition


def _current() -> _Held:
    global _held
    with _lock:
        if _held is None:
            _held = _Held(Core.open(Config.from_env()))
        return _held
