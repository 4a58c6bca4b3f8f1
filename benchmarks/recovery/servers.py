"""The five servers a stack needs, as a table."""

from .lost_server import Server
from .postgres_server import Postgres
from .upstream_server import StandIn
from .valkey_server import Valkey

#: Dependency -> how it is made, and the variable that names it.
SERVERS: dict[str, tuple[type[Server], str]] = {
    "cache": (Valkey, "REDIS_URL"),
    "state": (Valkey, "REDIS_STATE_URL"),
    "postgres": (Postgres, "DATABASE_URL"),
    "dictionary_api": (StandIn, "DICTIONARY_API_URL"),
    "gemini": (StandIn, "GEMINI_API_ENDPOINT"),
}
