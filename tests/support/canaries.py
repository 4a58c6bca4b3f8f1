"""Secrets planted in every corner of a server, and a search for them through every command it knows."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from secrets import token_hex
from typing import Any, NamedTuple

import redis
from redis.connection import Connection

#: Parameters that hold a password, on whatever version knows them.
PASSWORDS = (
    "requirepass",
    "masterauth",
    "masteruser",
    "primaryauth",
    "primaryuser",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
)
#: Subcommands of the containers of Redis 6.2, whose COMMAND does not name them.
OLD_CONTAINERS = {
    "acl": "cat deluser genpass getuser list load log save setuser users whoami",
    "client": "caching getname getredir id info kill list pause reply setname tracking trackinginfo unblock unpause",
    "cluster": "countkeysinslot getkeysinslot info keyslot links myid nodes replicas shards slots",
    "command": "count getkeys info",
    "config": "get resetstat rewrite set",
    "debug": "digest-value listpack object reload sdslen sleep stringmatch-len ziplist",
    "latency": "doctor graph histogram history latest reset",
    "memory": "doctor malloc-stats purge stats usage",
    "module": "list load unload",
    "object": "encoding freq idletime refcount",
    "pubsub": "channels numpat numsub",
    "script": "exists flush kill load",
    "slowlog": "get len reset",
    "xgroup": "create createconsumer delconsumer destroy setid",
    "xinfo": "consumers groups stream",
}


class Planted(NamedTuple):
    """What may not be seen: `secrets` by nobody but an administrator, `values` only by whom the keys belong to."""

    secrets: tuple[bytes, ...]
    values: tuple[bytes, ...]
    parameters: tuple[str, ...]
    password: str


def plant(client: redis.Redis) -> Planted:
    """Put canaries into passwords, values of every type, scripts and the slow log;
    the default user's password changes last.
    """
    secret, value = f"canary{token_hex(8)}", f"value{token_hex(8)}"
    ask: Any = client.execute_command
    logs = {"slowlog-log-slower-than": "0", "commandlog-request-larger-than": "0"}
    before = {name: limit for name in logs for limit in client.config_get(name).values()}
    for name in before:
        ask("CONFIG", "SET", name, logs[name])
    for key, held in (("dict:c", value), ("vault:c", secret)):
        ask("SET", key, held)
        ask("RPUSH", f"{key}:list", held)
        ask("SADD", f"{key}:set", held)
        ask("ZADD", f"{key}:zset", 1, held)
        ask("HSET", f"{key}:hash", "field", held)
        ask("XADD", f"{key}:stream", "*", "field", held)
    ask("SCRIPT", "LOAD", f"return '{secret}'")
    ask("ACL", "SETUSER", "other", "on", f">{secret}", "+@all", "~*")
    for name, limit in before.items():  # else what is tried later would push the canaries out
        ask("CONFIG", "SET", name, limit)
    known = [name for name in PASSWORDS if ask("CONFIG", "GET", name)]
    for name in sorted(known, key="requirepass".__eq__):
        with suppress(redis.ResponseError):  # tls-…-pass: only where a key file can be read with it
            ask("CONFIG", "SET", name, secret)
    everything = list(client.config_get("*"))
    return Planted((secret.encode(), sha256(secret.encode()).hexdigest().encode()), (value.encode(),), tuple(everything), secret)


def commands(client: redis.Redis) -> list[tuple[str, ...]]:
    """Every command and subcommand the server knows."""
    found: list[tuple[str, ...]] = []
    reply: Any = client.connection_pool.get_connection()
    reply.send_command("COMMAND")
    for row in reply.read_response():
        name = row[0].decode()
        inner = [sub[0].decode().split("|")[1] for sub in row[9]] if len(row) > 9 else OLD_CONTAINERS.get(name, "").split()
        found += [(name,), *((name, sub) for sub in inner), *([(name, "help")] if inner else [])]
    return found


def arguments(planted: Planted) -> Sequence[tuple[str, ...]]:
    """What a curious user would try behind a command's name."""
    tries: list[tuple[str, ...]] = [
        (),
        ("*",),
        ("0",),
        ("128",),
        ("128", "large-request"),
        ("128", "slow"),
        ("other",),
        ("default",),
    ]
    tries += [(name,) for name in PASSWORDS if name in planted.parameters]
    for key in ("dict:c", "vault:c"):
        tries += [(key,), (key, key), ("1", key), (key, "0"), (key, "0", "-1"), (key, "1", "copied"), (key, "copied")]
        tries += [(f"{key}:{kind}",) for kind in ("list", "set", "zset", "hash", "stream")]
        tries += [(f"{key}:hash", "field"), (f"{key}:list", "0", "-1"), (f"{key}:zset", "0", "-1"), (f"{key}:stream", "-", "+")]
        tries += [(f"{key}:set", "0"), (f"{key}:list", "BY", "nosort", "GET", "#"), ("COUNT", "1", "STREAMS", f"{key}:stream", "0")]
        tries += [("return redis.call('GET', KEYS[1])", "1", key), ("return redis.call('GET', ARGV[1])", "0", key)]
        tries += [("other", "GET", key), ("GET", key)]
    tries += [(f"return redis.call({words})", "0") for words in ("'CONFIG','GET','*'", "'SLOWLOG','GET'", "'ACL','LIST'")]
    return tries


def seen(
    port: int, user: str, password: str, known: Sequence[tuple[str, ...]], planted: Planted, wanted: Sequence[bytes]
) -> list[str]:
    """Commands whose replies showed a canary to this user.

    Every command has a connection of its own: some end or reset it.
    """
    tries = arguments(planted)
    return [" ".join(words) for name in known for words in _shown(port, user, password, name, tries, wanted)]


def _shown(
    port: int, user: str, password: str, name: tuple[str, ...], tries: Sequence[tuple[str, ...]], wanted: Sequence[bytes]
) -> Iterator[tuple[str, ...]]:
    connection: Any = Connection(port=port, username=user, password=password, socket_timeout=2, protocol=2, driver_info=None)
    try:
        for words in tries:
            connection.send_command(*name, *words)
            try:
                reply = connection.read_response(disconnect_on_error=False)
            except redis.ResponseError as error:
                reply = error
            if any(canary in _flat(reply) for canary in wanted):
                yield (*name, *words)
                return
    except (redis.ConnectionError, redis.TimeoutError):
        return  # QUIT, and what waits for messages
    finally:
        connection.disconnect()


def _flat(reply: Any) -> bytes:
    if isinstance(reply, list):
        return b"\n".join(map(_flat, reply))
    return reply if isinstance(reply, bytes) else str(reply).encode()
