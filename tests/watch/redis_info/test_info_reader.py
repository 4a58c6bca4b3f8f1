"""The reader of one server's INFO tick after tick, against reading every reply afresh."""

import random
import re

import pytest

from prosepolish_core.watch.redis_info.info_reader import InfoReader
from prosepolish_core.watch.redis_info.info_reply import read_info

from .recorded import SERVERS, reply


def changed(text: str, chance: random.Random) -> str:
    """The reply as a later tick might find it: numbers that moved, lines that came, went, changed places or words."""
    lines = text.split("\r\n")
    for at in chance.sample(range(len(lines)), chance.randrange(60)):
        lines[at] = re.sub(r"(?<=[:=])\d+", lambda m: str(int(m[0]) + chance.randrange(1000)), lines[at])
    kind = chance.randrange(6)
    at = chance.randrange(len(lines) - 1)
    if kind == 0:
        lines[at] = f"cmdstat_new{chance.randrange(9)}:calls=1,usec=2"
    elif kind == 1:
        del lines[at]
    elif kind == 2:
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    elif kind == 3:
        lines[at] = re.sub(r":.*", ":word", lines[at])
    return "\r\n".join(lines)


@pytest.mark.parametrize("server", SERVERS)
def test_a_patched_reply_is_the_reply_read_afresh(server: str) -> None:
    """Samples, their order, strings, unknown fields and commands are those of `read_info`,
    whatever changed since the last tick.
    """
    chance, reader = random.Random(server), InfoReader()
    text = first = reply(server, "info").decode()
    for _ in range(300):
        text = first if chance.random() < 0.1 else changed(text, chance)
        assert reader.read(text.encode()) == read_info(text)


def test_the_last_reply_is_left_as_it_was() -> None:
    """What was given for one tick does not change with the next."""
    reader = InfoReader()
    before = reader.read("# Stats\r\nkeyspace_hits:1\r\ncmdstat_get:calls=1,usec=2\r\nuptime_in_seconds:5\r\n")
    reader.read("# Stats\r\nkeyspace_hits:2\r\ncmdstat_get:calls=3,usec=4\r\nuptime_in_seconds:6\r\n")
    assert [s.value for s in before.samples] == [1, 1, 2, 5]
    assert (before.commands, before.state["uptime_in_seconds"]) == ({"get": (1.0, 2.0)}, "5")
