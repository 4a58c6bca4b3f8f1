"""Waiting in tests: for a thing to become true, not for a time to pass."""

import time
from collections.abc import Callable
from types import MappingProxyType

#: Long enough for any machine; reached only when the thing never becomes true.
PATIENCE_S = 90.0
#: Below this a wait counts as ended by its own short deadline, above it as kept by what hangs for good. The machine
#: decides how long a deadline of 50 ms takes; nothing here is said about speed.
SOON_S = 20.0
#: How long a call to a sound Redis may take in a test that is about something else: a crowded machine alone can cost
#: seconds. A call that misses its deadline is no error: fills are skipped, answers are degraded, breakers open.
REDIS_S = 10.0
#: The same as a setting of a Core.
PATIENT = MappingProxyType({"PROSEPOLISH_REDIS_TIMEOUT_S": str(REDIS_S)})


def wait_for(what: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Look until it is true. Fails when it is not within `seconds`."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never became true"
        time.sleep(0.1)
