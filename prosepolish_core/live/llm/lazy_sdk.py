"""An SDK that takes a second to import, loaded once beside its first caller,
who waits no longer than its own deadline.
"""

import threading
from collections.abc import Callable
from typing import Any

from ...forks import ForkSafeLock, before_fork, on_fork

#: A fork does not wait longer than this for an import: ten times what the slowest takes.
LONGEST_IMPORT_S = 20.0


class LazySdk:
    """Loads on the first `get` or `start`; every caller gets the same object. Raises what the loading raised."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load
        self._lock = ForkSafeLock()
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._value: Any = None
        self._error: Exception | None = None
        before_fork(self)
        on_fork(self)

    def start(self) -> None:
        """Begin loading; does not wait."""
        with self._lock:
            if self._thread is not None:
                return
            # Not a daemon: an import torn in two at exit can crash the interpreter; the process waits for it instead.
            self._thread = threading.Thread(target=self._run, name="prosepolish-sdk", daemon=False)
            self._thread.start()

    def start_anew(self) -> None:
        """In a forked child: what is loaded stays; what is not is loaded again, as nobody here is at it."""
        if not self._done.is_set():
            self._done, self._thread = threading.Event(), None

    def settle(self) -> None:
        """Before a fork: a child has no thread to finish the import,
        and would wait for ever for the modules it holds.
        """
        if self._thread is not None and self._thread is not threading.current_thread():
            self._done.wait(LONGEST_IMPORT_S)

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
