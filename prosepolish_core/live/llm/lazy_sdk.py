"""An SDK that takes a second to import, loaded once beside its first caller, who waits no longer than its own deadline."""

import threading
from collections.abc import Callable
from typing import Any


class LazySdk:
    """Loads on the first `get` or `start`; every caller gets the same object. Raises what the loading raised."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._started = False
        self._value: Any = None
        self._error: Exception | None = None

    def start(self) -> None:
        """Begin loading; does not wait."""
        with self._lock:
            if self._started:
                return
            self._started = True
        # Not a daemon: an import torn in two at exit can crash the interpreter; the process waits for it instead.
        threading.Thread(target=self._run, name="prosepolish-sdk", daemon=False).start()

    def get(self, timeout_s: float) -> Any | None:
        """The loaded object, or None when it is not there within `timeout_s`; loading goes on."""
        self.start()
        if not self._done.wait(timeout_s):
            return None
        if self._error is not None:
            # Raised again and again, one exception would otherwise gather every caller's frames, and the texts in them.
            raise self._error.with_traceback(None)
        return self._value

    def _run(self) -> None:
        try:
            self._value = self._load()
        except Exception as error:  # noqa: BLE001 - raised again in the callers' threads
            self._error = error
        finally:
            self._done.set()
