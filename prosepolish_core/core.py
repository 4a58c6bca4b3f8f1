"""Core: the one place where services meet their adapters. Lazy: opens no connection until first use."""

from functools import cached_property
from types import TracebackType
from typing import Self

from redis import Redis

from .adapters.postgres_connection import PostgresConnection
from .adapters.postgres_pool import PostgresPool
from .adapters.redis_client import connect
from .config import Config
from .store.telemetry import PostgresTelemetry
from .store.telemetry_writer import PostgresTelemetryWriter
from .telemetry.recorder import BufferedRecorder


class Core:
    """The live path of one process. Thread-safe; close it to flush the telemetry and release the pools."""

    def __init__(self, config: Config) -> None:
        self.config = config

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
        for name in ("redis", "state", "pool", "recorder"):
            if name in self.__dict__:
                self.__dict__[name].close()

    # --- connections, shared by the services ---

    @cached_property
    def redis(self) -> Redis:
        """The cache."""
        return self._connect(self.config.redis_url.get_secret_value(), "cache")

    @cached_property
    def state(self) -> Redis:
        """The server of sessions and limits: the cache itself when no other is configured."""
        return self.redis if self.config.state_is_shared else self._connect(self.config.state_url.get_secret_value(), "state")

    @cached_property
    def pool(self) -> PostgresPool:
        """PostgreSQL: tier 2 and the store."""
        return PostgresPool(self.config.database_url.get_secret_value(), size=self.config.database_pool_size, role="core")

    # --- telemetry ---

    @cached_property
    def recorder(self) -> BufferedRecorder:
        """Counts what the services did; has a connection of its own, so that a busy pool cannot delay it."""
        pepper = self.config.pepper.get_secret_value().encode() if self.config.pepper else b""
        writer = PostgresTelemetryWriter(PostgresConnection(self.config.database_url.get_secret_value(), role="telemetry"))
        return BufferedRecorder(writer, flush_s=self.config.flush_s, access_key=pepper)

    @cached_property
    def telemetry(self) -> PostgresTelemetry:
        """What every process counted, read back."""
        return PostgresTelemetry(self.pool)

    def _connect(self, url: str, role: str) -> Redis:
        return connect(url, timeout_s=self.config.redis_timeout_s, pool_size=self.config.pool_size, role=role)
