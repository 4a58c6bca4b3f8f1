"""Probes: every dependency asked at once, within one deadline, and what each answer says by itself."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from redis import Redis

from .config import Config
from .drivers.postgres_pool import PostgresPool
from .drivers.postgres_probe import PATIENT_S, read_time, write
from .drivers.redis_client import connect
from .drivers.redis_probe import PINGS, RedisProbe, probe
from .errors import StoreUnavailable
from .model.standing import Probed, State
from .upstreams import ASK_AGAIN_S, Upstreams

#: How long all the asking may take together.
DEADLINE_S = 2.5
#: A Redis that is later than lookups wait for is asked once more, with this much patience for each reply: one that is
#: loading, busy or merely slow still says so, one that hangs does not.
PATIENCE_S = 0.7
#: What the pool says when PostgreSQL may be well: it was late, or we ourselves have no connection to spare.
SLOW = frozenset({"timeout", "too_slow", "pool_exhausted"})

Check = Callable[[], Probed]


class Probes:
    """Asks every dependency. Thread-safe."""

    def __init__(
        self,
        config: Config,
        cache: Callable[[], Redis],
        state: Callable[[], Redis],
        pools: Callable[[], Sequence[PostgresPool]],
        upstreams: Upstreams,
    ) -> None:
        self._config = config
        self._cache = cache
        self._state = state
        self._pools = pools
        self._upstreams = upstreams

    def ask(self, ask_again_s: Mapping[str, float], deadline_s: float = DEADLINE_S) -> dict[str, Probed]:
        """Ask everything at once. A dependency that does not answer within the deadline is down.

        `ask_again_s`: how old the answer of an upstream to a real question may be.
        """
        api, gemini = (ask_again_s.get(name, ASK_AGAIN_S) for name in ("dictionary_api", "gemini"))
        checks: dict[str, Check] = {
            "redis": lambda: judge_cache(self._redis(self._cache, self._config.redis_url.get_secret_value(), CACHE_KEY)),
            "state": lambda: judge_state(
                self._redis(self._state, self._config.state_url.get_secret_value(), STATE_KEY), shared=self._config.state_is_shared
            ),
            "postgres": self._postgres,
            "dictionary_api": lambda: self._upstreams.dictionary_api(api),
            "gemini": lambda: self._upstreams.gemini(gemini),
        }
        at = time.time()
        return {found.name: replace(found, at=found.at or at) for found in _together(checks, deadline_s)}

    def _redis(self, shared: Callable[[], Redis], url: str, key: str) -> RedisProbe:
        """Asked as lookups ask it; when that takes too long, once more by a patient client of its own."""
        found = probe(shared(), key)
        if found.fault != "timeout":
            return found
        client = connect(url, timeout_s=PATIENCE_S, pool_size=3, role="health")
        try:
            late = probe(client, key, pings=1)
        finally:
            client.close()
        return late._replace(late=True)

    def _postgres(self) -> Probed:
        """Down when the first pool cannot read; degraded when it is late, or one of the pools in use cannot write."""
        first, *others = self._pools()
        try:
            times = tuple(read_time(first) for _ in range(PINGS))
        except StoreUnavailable as fault:
            return self._patiently(first, fault)
        for pool in (first, *others):
            try:
                write(pool)
            except StoreUnavailable as fault:
                reason = f"PostgreSQL answers, but {fault.reason}."
                return Probed("postgres", State.DEGRADED, reason, _sentence(fault.action), times)
        return Probed("postgres", State.UP, "PostgreSQL answers and takes writes.", "", times)

    def _patiently(self, pool: PostgresPool, fault: StoreUnavailable) -> Probed:
        """It did not answer. One that is slow is not down: it is asked once more, with more patience."""
        if fault.word in SLOW:
            try:
                times = (read_time(pool, PATIENT_S),)
            except StoreUnavailable as again:
                fault = again
            else:
                return Probed("postgres", State.DEGRADED, SLOW_REASON, SLOW_ACTION, times, soft=True)
        return Probed("postgres", State.DOWN, _sentence(fault.reason), _sentence(fault.action), reached=False)


def judge_cache(found: RedisProbe) -> Probed:
    """The verdict about the cache."""
    return _judge_redis("redis", "REDIS_URL", found) or Probed(
        "redis", State.UP, "Redis answers and takes writes.", "", found.pings_s
    )


def judge_state(found: RedisProbe, *, shared: bool) -> Probed:
    """The verdict about the server of sessions and limits: it must not evict, and should not be the cache."""
    if amiss := _judge_redis("state", "REDIS_URL" if shared else "REDIS_STATE_URL", found):
        return amiss
    policy, limited = str(found.info.get("maxmemory_policy", "noeviction")), int(found.info.get("maxmemory", 0)) > 0
    evicts = f" and may evict them ({policy})" if limited and policy != "noeviction" else ""
    if shared:
        reason = f"Sessions and limits share the cache's server{evicts}."
        return Probed("state", State.DEGRADED, reason, "Set REDIS_STATE_URL to a server of its own.", found.pings_s)
    if evicts:
        reason = f"The server of sessions and limits evicts keys ({policy}): users may be logged out."
        return Probed("state", State.DEGRADED, reason, "Set its maxmemory-policy to noeviction.", found.pings_s)
    return Probed("state", State.UP, "Redis answers, takes writes and does not evict.", "", found.pings_s)


def _judge_redis(name: str, url: str, found: RedisProbe) -> Probed | None:
    """What is amiss with a Redis, whatever it is for; None when nothing is."""
    if found.fault:
        reason, action = FAULTS.get(found.fault, OTHER_FAULT)
        state = State.DEGRADED if found.fault in {"loading", "misconf"} else State.DOWN
        return Probed(name, state, f"Redis {reason}.", action.format(url=url), found.pings_s, reached=False)
    for field, bad, reason, action in INFO_FAULTS:
        if str(found.info.get(field, "")) == bad:
            return Probed(name, State.DEGRADED, reason, action.format(url=url), found.pings_s)
    if _is_full(found.info):
        reason = "Redis is full and evicts nothing, so it refuses writes."
        return Probed(name, State.DEGRADED, reason, "Raise maxmemory, or look what fills it.", found.pings_s)
    if found.refusal:
        reason, action = REFUSALS.get(found.refusal, (f"refuses writes ({found.refusal})", "Look at its log and its settings."))
        return Probed(name, State.DEGRADED, f"Redis answers, but {reason}.", action.format(url=url), found.pings_s)
    if found.late:
        return Probed(name, State.DEGRADED, LATE, LATE_ACTION, found.pings_s, soft=True)
    return None


def _is_full(info: Mapping[str, Any]) -> bool:
    most = int(info.get("maxmemory", 0))
    return 0 < most <= int(info.get("used_memory", 0)) and str(info.get("maxmemory_policy", "")) == "noeviction"


#: Keys that a probe asks to change if they exist, which they never do: whether a write is taken, at no effect.
CACHE_KEY, STATE_KEY = "dict: probe", "ratelimit: probe"
SLOW_REASON = "PostgreSQL answers, but later than callers wait for it."
SLOW_ACTION = "Look for a lock, a slow statement or a busy machine."
#: The word for a refused write: what it means, what to do.
REFUSALS = {
    "out_of_memory": ("is full and evicts nothing, so it refuses writes", "Raise maxmemory, or look what fills it."),
    "read_only": ("is a replica and refuses writes", "Point {url} at the primary."),
    "misconf": ("could not save its data and refuses writes", "Check its disk and its log."),
    "no_permission": ("does not permit our user to write", "See `prosepolish export acl`."),
    "no_replicas": ("has too few replicas and refuses writes", "Look at its replicas and min-replicas-to-write."),
}
#: The word for a fault: what it means, what to do; `{url}` is the setting at fault.
_RUNS = "Check {url} and that the server runs."
FAULTS = {
    "refused": ("cannot be reached", _RUNS),
    "connection": ("cannot be reached", _RUNS),
    "timeout": ("does not answer in time", "Look for a slow command, a stopped process or a slow network."),
    "auth": ("refuses our credentials", "Check the user and the password in {url}."),
    "no_permission": ("does not permit us to ask", "Give the ACL user the commands PING and INFO."),
    "loading": ("is loading its data", "Wait until it has loaded."),
    "master_down": ("has lost its primary", "Check replication, or point {url} at the primary."),
    "cluster_down": ("says that its cluster is down", "Check the cluster's nodes and slots."),
    "no_database": ("has no database of that number", "Check the number of the database in {url}."),
    "max_clients": ("takes no more connections", "Look who holds them; raise maxclients or lower PROSEPOLISH_POOL_SIZE."),
    "pool_exhausted": ("could not be asked: our own connections are all in use", "Raise PROSEPOLISH_POOL_SIZE."),
    "misconf": ("could not save its data and refuses writes", "Check its disk and its log."),
    "busy_script": ("is busy with a script", "Find the script; SCRIPT KILL ends it."),
}
OTHER_FAULT = ("gives answers that cannot be used", "Check that {url} leads to a Redis or Valkey.")
LATE = "Redis answers, but later than lookups wait for it."
LATE_ACTION = "Look for a slow command, a busy machine or a slow network; or raise PROSEPOLISH_REDIS_TIMEOUT_S."
#: Field of INFO, its bad value, what that means, what to do.
INFO_FAULTS = (
    ("loading", "1", "Redis is loading its data.", "Wait until it has loaded."),
    ("role", "slave", "Redis is a replica and refuses writes.", "Point {url} at the primary."),
    ("rdb_last_bgsave_status", "err", "Redis could not save its data and may refuse writes.", "Check its disk and its log."),
    ("aof_last_write_status", "err", "Redis cannot write its append-only file and refuses writes.", "Check its disk and its log."),
)


def _together(checks: Mapping[str, Check], deadline_s: float) -> Iterable[Probed]:
    """Run the checks side by side; one that hangs (a name server, say) costs the deadline and no more."""
    found: dict[str, Probed] = {}

    def ask(name: str, check: Check) -> None:
        try:
            found[name] = check()
        except Exception as error:  # noqa: BLE001 - a probe never fails; it says what failed
            found[name] = _down(name, f"Asking failed: {type(error).__name__}.")

    threads = [threading.Thread(target=ask, args=pair, name=f"health-{pair[0]}", daemon=True) for pair in checks.items()]
    end = monotonic() + deadline_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - monotonic()))
    settled = dict(found)
    return [settled.get(name) or _down(name, f"No answer within {deadline_s:g} s.") for name in checks]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _down(name: str, reason: str) -> Probed:
    return Probed(name, State.DOWN, reason, "", reached=False)
