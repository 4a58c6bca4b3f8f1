"""Replies recorded from real servers (benchmarks/_record_replies.py), read back in the form the driver gives them."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "data" / "redis_replies"
SERVERS = (
    "redis-6.2",
    "redis-7.0",
    "redis-7.2",
    "redis-7.4",
    "redis-8.0",
    "redis-8.2",
    "valkey-8.0",
    "valkey-8.1",
    "valkey-9.1",
)


def reply(server: str, name: str, protocol: str = "resp2") -> Any:
    """One reply, bytes where the driver gives bytes, maps where RESP3 has maps."""
    recorded = json.loads((FOLDER / f"{server}.json").read_text(encoding="utf-8"))
    return _native(recorded[protocol][name])


def _native(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        return {_native(key): _native(item) for key, item in value["map"]}
    return [_native(item) for item in value] if isinstance(value, list) else value
