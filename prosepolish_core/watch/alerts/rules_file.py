"""The file of changed rules, read again whenever it changes: nobody restarts the collectors to silence one rule."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ...errors import InvalidInput
from .overrides import NONE, Overrides, read
from .rule import Rule

#: How the file is called in the alert that it cannot be used.
NAME = "file of alert rules"


class _Stamp(NamedTuple):
    """Tells one state of a file from another."""

    changed_ns: int
    size: int
    node: int


class RulesFile:
    """What the file says, and why it says nothing new. One thread at a time."""

    def __init__(self, path: Path | None, rules: Mapping[str, Rule]) -> None:
        """Raises InvalidInput: whoever starts the collectors with a mistake in the file is told at once."""
        self._path, self._rules = path, rules
        self.overrides: Overrides = NONE if path is None else read(path, rules)
        #: Why the newest state of the file is not used; empty: it is.
        self.failure = ""
        self._stamp = self._look()

    def refresh(self) -> bool:
        """Read it again if it changed; whether anything is otherwise now.

        With a mistake in it the old one counts on.
        """
        stamp = self._look()
        if self._path is None or stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self.overrides, self.failure = read(self._path, self._rules), ""
        except InvalidInput as error:
            self.failure = str(error)
        return True

    def _look(self) -> _Stamp | None:
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return found and _Stamp(found.st_mtime_ns, found.st_size, found.st_ino)
