"""The exact rights the collectors need on a server, per version, as ACL rules; nothing reads or changes a value."""

from typing import NamedTuple

#: Commands every version has.
COMMANDS = (
    "ping",
    "info",
    "dbsize",
    "scan",
    "pttl",
    "select",
    "config|get",
    "slowlog|get",
    "slowlog|len",
    "latency|latest",
    "memory|stats",
    "memory|usage",
    "client|list",
    "client|setname",
    "cluster|info",
    "cluster|nodes",
)
#: What the opt-in attribution by keyspace events needs besides. A pattern is allowed only where a rule has it to the letter.
EVENTS = ("keymiss", "expired", "evicted")
LISTENING = ("+psubscribe", *(f"&__keyevent@*__:{event}" for event in EVENTS))


class Dialect(NamedTuple):
    """What a family of versions understands besides."""

    name: str
    about: str
    commands: tuple[str, ...]
    keys: str


DIALECTS = (
    Dialect("redis-6.2", "Redis 6.2", (), "~*"),
    Dialect("redis-7", "Redis 7.0 to 8 and Valkey 7.2 to 8.0", ("latency|histogram",), "%R~*"),
    Dialect("valkey-8.1", "Valkey 8.1 and newer", ("latency|histogram", "commandlog|get", "commandlog|len"), "%R~*"),
)


def rules(dialect: Dialect, *, listening: bool = False) -> tuple[str, ...]:
    """The rules in the order they must be given, without name and password."""
    allowed = tuple(f"+{command}" for command in (*COMMANDS, *dialect.commands))
    return ("resetkeys", "resetchannels", "-@all", dialect.keys, *allowed, *(LISTENING if listening else ()))


def setuser(dialect: Dialect, user: str, *, listening: bool = False) -> str:
    """The command an administrator types; the password is theirs to fill in."""
    return f"ACL SETUSER {user} on >PASSWORD {' '.join(rules(dialect, listening=listening))}"
