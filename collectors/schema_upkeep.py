"""Bringing the schema up to date, in a thread of its own: at the start, and again while the store is away."""

import threading

import structlog

from prosepolish_core.errors import ProsePolishError, StoreUnavailable
from prosepolish_core.watch.schema.migrate import migrate

#: Pause between two attempts.
AGAIN_S = 1.0
log = structlog.get_logger("collectors")


class SchemaUpkeep:
    """Migrates once. `tried` is set after the first attempt: nobody needs to wait for another one."""

    def __init__(self, url: str, stop: threading.Event) -> None:
        self.tried = threading.Event()
        self._url, self._stop, self._told = url, stop, ""
        threading.Thread(target=self._run, name="schema", daemon=True).start()

    def _run(self) -> None:
        while self._is_away() and not self._stop.wait(AGAIN_S):
            pass

    def _is_away(self) -> bool:
        """One attempt. False: it is done, or another one would not help."""
        try:
            migrate(self._url)
        except ProsePolishError as error:
            if str(error) != self._told:  # once, and not once a second
                log.warning("not_migrated", reason=str(error))
            self._told = str(error)
            return isinstance(error, StoreUnavailable)
        finally:
            self.tried.set()
        return False
