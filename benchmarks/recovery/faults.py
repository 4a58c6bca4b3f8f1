"""The ways of losing a server, as a table: how it is broken, how it is mended, where the clients' address must lead."""

from collections.abc import Callable
from typing import NamedTuple

from .lost_server import Server
from .servers import SERVERS

REDIS_AND_STORE = frozenset({"cache", "state", "postgres"})


class Fault(NamedTuple):
    """`switched`: clients reach the server through a switch. `of`: the dependencies that can be lost so."""

    about: str
    breaks: Callable[[Server], None]
    mends: Callable[[Server], None]
    switched: bool = False
    of: frozenset[str] = frozenset(SERVERS)


FAULTS: dict[str, Fault] = {
    "killed": Fault("SIGKILL to all its processes, then started again", Server.kill, Server.start),
    "stopped": Fault("SIGSTOP, then SIGCONT", Server.freeze, Server.thaw),
    "refused": Fault("nobody listens at its address, and connections are reset", Server.refuse, Server.lead, switched=True),
    "half-open": Fault(
        "connections are accepted and swallowed; those of before stay dead", Server.swallow, Server.lead, switched=True
    ),
    "password": Fault(
        "our password is refused, and connections are ended",
        lambda server: server.mistrust(),
        lambda server: server.trust(),
        of=REDIS_AND_STORE | {"gemini"},
    ),
    "moved": Fault("killed, and started at another address behind the same name", Server.leave, Server.arrive, switched=True),
    "read-only": Fault(
        "another server took over; the old one keeps its connections and refuses writes",
        lambda server: server.demote(),
        Server.follow,
        switched=True,
        of=REDIS_AND_STORE,
    ),
}
