"""Reads one server's INFO tick after tick:
what a line says that says the same as at the last tick is not read again.
"""

from itertools import accumulate, compress
from operator import ne

from ...model.sample import Sample
from .info_reply import Gathered, InfoReply, Line, read_line, remembered_lines, text_of, value_of, whole_reply

#: Plain numbers that are among the strings of a reply too.
IN_STATE = ("uptime_in_seconds", "process_id")


class InfoReader:
    """Gives for every reply exactly what `read_info` gives. One for each server; not to be shared between threads."""

    __slots__ = ("_at", "_found", "_lines", "_primary", "_reply")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._found: list[Line] = []
        #: Where the samples of each line begin.
        self._at: list[int] = []
        self._reply = InfoReply((), {}, (), {})
        #: Run id of the primary that was read last.
        self._primary = ""

    @property
    def run_id(self) -> str:
        """Which server gave the last reply; empty before the first one."""
        return self._reply.state.get("run_id", "")

    @property
    def demoted(self) -> bool:
        """Whether the server has been a primary under our eyes and is a replica now: another one took over."""
        return self._reply.state.get("role") == "slave" and self._primary == self.run_id

    def read(self, reply: bytes | str) -> InfoReply:
        text = text_of(reply)
        lines = text.split("\n")
        patched = self._patched(text, lines) if len(lines) == len(self._lines) else None
        if patched is None:
            found = remembered_lines(lines)
            patched = whole_reply(text, found)
            self._found = found
            self._at = [0, *accumulate(map(_samples_in, found))]
        self._lines, self._reply = lines, patched
        if patched.state.get("role") == "master":
            self._primary = self.run_id
        return patched

    def _patched(self, text: str, lines: list[str]) -> InfoReply | None:
        """The last reply with the lines that differ put in; None when they change more than numbers."""
        samples, commands, found = list(self._reply.samples), dict(self._reply.commands), self._found
        for n in compress(range(len(lines)), map(ne, lines, self._lines)):
            before, now, at = found[n], read_line(lines[n]), self._at[n]
            if type(now) is Sample and type(before) is Sample and now[0] == before[0]:
                samples[at] = now
            elif isinstance(now, Gathered) and isinstance(before, Gathered) and _alike(before, now):
                samples[at : at + len(now.samples)] = now.samples
                commands.update(now.commands)
            else:
                return None
            found[n] = now
        state = dict(self._reply.state)
        for name in IN_STATE:
            if name in state:
                state[name] = value_of(text, name)
        return InfoReply(tuple(samples), state, self._reply.unknown, commands)


def _samples_in(line: Line) -> int:
    return 1 if type(line) is Sample else len(line.samples) if isinstance(line, Gathered) else 0


def _alike(before: Gathered, now: Gathered) -> bool:
    """Whether two lines differ in numbers only:
    nothing of a reply's strings, commands or unknown fields changes with them.
    """
    return (
        len(before.samples) == len(now.samples)
        and before.texts == now.texts
        and before.unknown == now.unknown
        and before.commands.keys() == now.commands.keys()
    )
