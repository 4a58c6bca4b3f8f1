"""Who may do what on a server, per version, as ACL rules.

None of these rights shows a secret or, to the collectors, a value.

What the collectors lack is left out on purpose. CONFIG GET prints `requirepass` and `masterauth`, and no version can
narrow it to harmless parameters. SLOWLOG GET and COMMANDLOG GET print arguments of commands, which are people's texts:
only on demand.
"""

from typing import NamedTuple

from ...model.keys import DICTIONARY, LLM, PROFILE, RATE_LIMIT, SESSION, SESSION_INDEX, SETTINGS, KeyFamily

#: What the opt-in attribution by keyspace events listens to. A pattern is allowed only where a rule has it to the
#: letter.
EVENTS = ("keymiss", "expired", "evicted")
LISTENING = ("+psubscribe", *(f"&__keyevent@*__:{event}" for event in EVENTS))


class Dialect(NamedTuple):
    """What a family of versions understands. `keys`: names of keys without their values, where that can be said."""

    name: str
    about: str
    keys: str
    commands: tuple[str, ...] = ()
    logs: tuple[str, ...] = ("slowlog|get",)


_MORE = ("latency|histogram",)
DIALECTS = (
    Dialect("redis-6.2", "Redis 6.2", "~*"),
    Dialect("redis-7", "Redis 7.0 to 8 and Valkey 7.2 to 8.0", "%R~*", _MORE),
    Dialect("valkey-8.1", "Valkey 8.1 and newer", "%R~*", (*_MORE, "commandlog|len"), ("slowlog|get", "commandlog|get")),
)


class Role(NamedTuple):
    """A kind of user. Without `keys` it may name every key, as far as a command needs a name and no value."""

    name: str
    about: str
    user: str
    commands: tuple[str, ...]
    keys: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def _patterns(*families: KeyFamily) -> tuple[str, ...]:
    return tuple(sorted({f"~{row.family}:*" for row in families}))


#: What a client of the core sends, or its scripts run, on both servers. A cluster is asked for its slots and its
#: commands.
_CORE = (
    *("ping", "info", "time", "client|setname", "cluster|slots", "command"),
    *("eval", "evalsha", "get", "mget", "set", "del", "unlink", "pexpire", "pttl"),
)
COLLECTORS = Role(
    "collectors",
    "the collectors: statistics and names of keys, no value",
    "prosepolish-collector",
    (
        *("ping", "info", "dbsize", "scan", "pttl", "select", "slowlog|len", "latency|latest", "memory|stats"),
        *("memory|usage", "client|list", "client|setname", "cluster|info", "cluster|nodes"),
    ),
)
CACHE = Role(
    "cache",
    "a service that uses the core, or the dashboard, on the cache server",
    "prosepolish-app",
    (*_CORE, "getrange", "setrange", "dbsize", "scan", "publish", "subscribe", "unsubscribe"),
    _patterns(DICTIONARY, PROFILE, LLM, SETTINGS),
    ("&prosepolish:fills",),
)
STATE = Role(
    "state",
    "the same on the server of sessions and limits, without SCAN, which would list everybody's sessions",
    "prosepolish-app",
    (*_CORE, "script|load", "append", "pexpireat", "zadd", "zrange", "zrem", "zremrangebyscore", "zrevrange"),
    _patterns(SESSION, SESSION_INDEX, RATE_LIMIT),
)
ROLES = (COLLECTORS, CACHE, STATE)


def rules(dialect: Dialect, role: Role = COLLECTORS, *, listening: bool = False, logs: bool = False) -> tuple[str, ...]:
    """The rules in the order they must be given, without name and password.

    `listening` and `logs` are the collectors' and must be asked for: keyspace events, and slow commands with their
    arguments.
    """
    commands = (*role.commands, *(dialect.commands if role is COLLECTORS else ()), *(dialect.logs if logs else ()))
    allowed = (*role.channels, *(f"+{command}" for command in commands), *(LISTENING if listening else ()))
    return ("resetkeys", "resetchannels", "-@all", *(role.keys or (dialect.keys,)), *allowed)


def setuser(dialect: Dialect, user: str, role: Role = COLLECTORS, *, listening: bool = False, logs: bool = False) -> str:
    """The command an administrator types; the password is theirs to fill in."""
    return f"ACL SETUSER {user} on >PASSWORD {' '.join(rules(dialect, role, listening=listening, logs=logs))}"
