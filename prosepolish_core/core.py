"""Core: the one place where services meet their adapters. Lazy: opens no connection until first use."""

from collections.abc import Callable
from hashlib import sha256
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from redis import Redis

from .config import Config
from .drivers.postgres_pool import PostgresPool
from .drivers.redis_client import connect
from .forks import on_fork
from .health import Probes
from .lazy import lazy, unlocked
from .live.cache import CacheLink, Clearing, FamilyCache, Seal
from .live.cache.redis_cache import RedisCache, cache_server
from .live.corrections import Corrector
from .live.corrections.record import is_record
from .live.limits.limiter import Limiter
from .live.llm.backend import PacedBackend, choose_backend
from .live.llm.define import LlmDefiner
from .live.llm.ledger import Ledger
from .live.llm.price_table import PriceTable
from .live.llm.provenance import usual_provenance
from .live.llm.unfit import UnfitLately, is_unfit
from .live.sessions.postgres_sessions import PostgresSessions
from .live.sessions.service import Sessions
from .live.users import UserRecords
from .live.users.postgres_people import PostgresPeople
from .live.words import Dictionary
from .live.words.dictionary_api import BURST, DictionaryHttp
from .live.words.postgres_words import PostgresWords
from .model.keys import LLM, PROFILE, SETTINGS, KeyFamily
from .model.session import SessionRules
from .model.standing import Standings
from .standing_keeper import StandingKeeper
from .upstreams import Upstreams
from .watch.alerts.standing_file import StandingFile
from .watch.alerts.standing_store import StandingStore
from .watch.audit import AuditTrail
from .watch.counts.call_journal import CallJournal
from .watch.counts.ledger_rows import LedgerRows
from .watch.counts.ledger_store import LedgerStore
from .watch.counts.reader import PostgresTelemetry
from .watch.counts.recent_calls import RecentCalls
from .watch.counts.recorder import BufferedRecorder
from .watch.counts.writer import PostgresTelemetryWriter
from .watch.series.newest import Pulses

if TYPE_CHECKING:  # they read series with numpy, which a service that only answers has no need of
    from .watch.alerts.alert_store import AlertStore
    from .watch.series.sample_store import SampleStore

#: Connections to Redis beside those of lookups, limits and sessions: wake-ups, replays, health, clearing.
OTHERS = 6


class Core:
    """The live path of one process. Thread-safe; close it to flush the telemetry and release the pools."""

    def __init__(self, config: Config) -> None:
        self.config = config
        on_fork(self)

    def start_anew(self) -> None:
        """In a forked child: every part begins anew by itself, and those not made yet can be made."""
        unlocked(self)

    @classmethod
    def open(cls, config: Config) -> Self:
        """Build the core. No server is asked anything yet."""
        return cls(config)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Flush what was counted and release every connection. Safe to call twice."""
        for name in (
            "standings",
            "gemini",  # hung up first: loads in progress end at once instead of at their deadlines
            "dictionary_api",
            "cache_link",
            "cache_server",
            "words",
            "people",
            "limiter",
            "sessions",
            "redis",
            "state",
            "pool",
            "standing_pool",
            "recorder",
        ):
            if self.__dict__.get(name) is not None:
                self.__dict__[name].close()

    def warm_up(self) -> None:
        """For processes that will surely ask the LLM:
        load its SDK in the background instead of under the first caller.
        """
        if self.gemini is not None:
            self.gemini.warm_up()

    # --- connections, shared by the services ---

    @lazy
    def redis(self) -> Redis:
        """The cache."""
        return self._connect(self.config.redis_url.get_secret_value(), "cache")

    @lazy
    def state(self) -> Redis:
        """The server of sessions and limits: the cache itself when no other is configured."""
        return self.redis if self.config.state_is_shared else self._connect(self.config.state_url.get_secret_value(), "state")

    @lazy
    def pool(self) -> PostgresPool:
        """PostgreSQL: tier 2 and the store."""
        return PostgresPool(self.config.database_url.get_secret_value(), size=self.config.database_pool_size, role="core")

    # --- the word lookup ---

    @lazy
    def cache_server(self) -> RedisCache:
        """The cache as the caching layer uses it: direct connections, leases, wake-ups."""
        # A little less than the deadline: a call that finds Redis hanging still has to ask the next tier within it.
        return cache_server(self.redis, timeout_s=self.config.redis_timeout_s * 0.8, pool_size=self._lines)

    @lazy
    def cache_link(self) -> CacheLink:
        """What every FamilyCache of this process shares."""
        return CacheLink(self.cache_server)

    @lazy
    def words(self) -> PostgresWords:
        """Tier 2 of the word lookup, on connections of its own."""
        return PostgresWords(self.config.database_url.get_secret_value(), size=max(2, self.config.database_pool_size // 2))

    @lazy
    def dictionary(self) -> Dictionary:
        """Words: lookup, lookup_many, invalidate."""
        return Dictionary(self.cache_link, self.words, (self.dictionary_api, self.definer), self.recorder, ledger=self.ledger)

    # --- upstreams and corrections ---

    @lazy
    def dictionary_api(self) -> DictionaryHttp:
        """Tier 3, paced: this process takes its share of what all of them may send."""
        share = self.config.expected_workers
        per_s, burst = self.config.dictionary_per_s / share, max(1, BURST // share)
        return DictionaryHttp(self.config.dictionary_api_url, per_s=per_s, burst=burst)

    @lazy
    def gemini(self) -> PacedBackend | None:
        """The LLM, one backend for the whole process; None without a key."""
        return choose_backend(self.config, self.ledger)

    @lazy
    def ledger(self) -> Ledger:
        """Makes the ledger rows of calls; each that leaves is written down first."""
        return Ledger(self.recorder.llm, PriceTable.from_file(self.config.prices), usual_provenance(self.config))

    @lazy
    def definer(self) -> LlmDefiner:
        """Tier 4 of the word lookup."""
        return LlmDefiner(self.gemini, self.config.gemini_model, UnfitLately(self._llm_cache(is_unfit)), self.ledger)

    @lazy
    def corrector(self) -> Corrector:
        """Corrections by the LLM, behind their cache."""
        cache, share = self._llm_cache(is_record), self.config.hold_out
        return Corrector(cache, self.gemini, self.config.gemini_model, self.ledger, hold_out=share)

    def _llm_cache(self, fits: Callable[[Any], bool]) -> FamilyCache:
        """What the LLM answered."""
        return FamilyCache(self.cache_link, LLM, self.recorder, seal=self._seal, fits=fits)

    @property
    def _seal(self) -> Seal | None:
        keys = self.config.encryption_keys
        return Seal.from_text(keys.get_secret_value()) if keys else None

    # --- limits and sessions ---

    @lazy
    def limiter(self) -> Limiter:
        """Rate limits, on the state server."""
        return Limiter(
            self.state,
            workers=self.config.expected_workers,
            deadline_s=self.config.redis_timeout_s,
            lanes=self._lanes,
            on_event=self.recorder.event,
        )

    @lazy
    def alerts(self) -> "AlertStore":
        """Incidents, notes and silences."""
        from .watch.alerts.alert_store import AlertStore

        return AlertStore(self.pool)

    @lazy
    def audit(self) -> AuditTrail:
        """What people did through the dashboard and the command line."""
        return AuditTrail(self.pool)

    @lazy
    def sessions(self) -> Sessions:
        """Log-ins: PostgreSQL first, Redis for speed."""
        return Sessions(
            self.state,
            PostgresSessions(self.pool),
            pepper=self.config.pepper.get_secret_value().encode() if self.config.pepper else None,
            rules=SessionRules(
                absolute_s=self.config.session_absolute_s,
                idle_s=min(self.config.session_idle_s, self.config.session_absolute_s),
            ),
            deadline_s=self.config.redis_timeout_s,
            lanes=self._lanes,
            on_event=self.recorder.event,
        )

    # --- users ---

    @lazy
    def people(self) -> PostgresPeople:
        """The truth about users, on connections of its own."""
        return PostgresPeople(self.config.database_url.get_secret_value(), size=max(2, self.config.database_pool_size // 4))

    @lazy
    def profiles(self) -> UserRecords:
        """Profiles: get, update, invalidate."""
        return self._records(PROFILE)

    @lazy
    def preferences(self) -> UserRecords:
        """User settings: get, update, invalidate."""
        return self._records(SETTINGS)

    def _records(self, family: KeyFamily) -> UserRecords:
        return UserRecords(self.cache_link, self.people, family, self.recorder, seal=self._seal)

    # --- clearing by family ---

    @lazy
    def cache(self) -> Clearing:
        """Clearing: `core.cache.clear("llm")`."""
        return Clearing(lambda: self.redis, lambda: self.state, self.recorder)

    # --- the store of collector runs ---

    @lazy
    def samples(self) -> "SampleStore":
        """Samples of the collectors: written whole, read over windows."""
        from .watch.series.sample_store import SampleStore

        return SampleStore(self.pool)

    # --- telemetry ---

    @lazy
    def telemetry_pool(self) -> PostgresPool:
        """A connection of the recorder's own, so that a busy pool cannot delay a flush."""
        return PostgresPool(self.config.database_url.get_secret_value(), size=1, role="telemetry", statement_s=3.0)

    @lazy
    def recorder(self) -> BufferedRecorder:
        """Counts what the services did."""
        pepper = self.config.pepper.get_secret_value().encode() if self.config.pepper else b""
        return BufferedRecorder(
            PostgresTelemetryWriter(self.telemetry_pool),
            journal=self.journal,
            flush_s=self.config.flush_s,
            access_key=pepper,
            processes=self.config.expected_workers,
        )

    @lazy
    def journal(self) -> CallJournal:
        """Ledger rows on the disk until PostgreSQL has them."""
        return CallJournal(self.config.data_dir / "ledger", LedgerStore(self.telemetry_pool).write)

    @lazy
    def telemetry(self) -> PostgresTelemetry:
        """What every process counted, read back."""
        return PostgresTelemetry(self.pool)

    @lazy
    def ledger_rows(self) -> LedgerRows:
        """Single rows of the ledger: what every total is the sum of."""
        return LedgerRows(self.pool)

    # --- how everything stands ---

    def health(self) -> Standings:
        """How every dependency stands: up, degraded, down or unknown, since when, why, and what that does to users."""
        return self.standings.newest()

    @lazy
    def standings(self) -> StandingKeeper:
        """Judges and remembers. `start()` it in a process that lives on; else each question asks everything once."""
        probes = Probes(self.config, lambda: self.redis, lambda: self.state, self._pools, self.upstreams)
        pool = self.standing_pool
        calls, store = RecentCalls(PostgresTelemetry(pool)), StandingStore(pool)
        # Another stack on this machine has other addresses, and a file of its own.
        urls = (self.config.redis_url, self.config.state_url, self.config.database_url)
        stack = sha256("\n".join(url.get_secret_value() for url in urls).encode()).hexdigest()[:12]
        file = StandingFile(self.config.data_dir / f"standings-{stack}.json")
        return StandingKeeper(probes, calls, Pulses(pool), (store, file), store)

    @lazy
    def standing_pool(self) -> PostgresPool:
        """The keeper's own connection: pages that wait for slow statements do not keep it from looking."""
        return PostgresPool(self.config.database_url.get_secret_value(), size=1, role="standing", statement_s=1.0)

    @lazy
    def upstreams(self) -> Upstreams:
        """The upstreams as health sees them; remembers for a minute what they answered."""
        return Upstreams(self.config, lambda: self.dictionary_api, lambda: self.gemini, self._breakers, self._ledger_fault)

    def _ledger_fault(self) -> str:
        return self.journal.probe()

    def _pools(self) -> list[PostgresPool]:
        """The pool of PostgreSQL, and those of its others that have been used."""
        made = self.__dict__
        words, people, telemetry = made.get("words"), made.get("people"), made.get("telemetry_pool")
        return [self.pool, *(each.pool for each in (words, people) if each), *([telemetry] if telemetry else [])]

    def _breakers(self) -> dict[str, str]:
        """How the breakers of the tiers stand; nothing is built only to be asked."""
        if "dictionary" not in self.__dict__:
            return {}
        return {tier.value: breaker.state(perf_counter()).value for tier, breaker in self.dictionary.chain.breakers.items()}

    def _connect(self, url: str, role: str) -> Redis:
        return connect(url, timeout_s=self.config.redis_timeout_s, pool_size=max(self.config.pool_size, OTHERS), role=role)

    @property
    def _lines(self) -> int:
        """Most connections of lookups and their kin: half of all."""
        return max(1, self.config.pool_size // 2)

    @property
    def _lanes(self) -> int:
        """Most connections of limits, and of sessions:
        what is left, so that none of them finds the others in its way.
        """
        return max(1, (self.config.pool_size - self._lines - OTHERS) // 2)
