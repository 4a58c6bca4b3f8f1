"""Settings of a server where CONFIG GET is not permitted:
those INFO tells, and those an administrator exported to a file.

Only the harmless parameters of one list are ever asked for, exported or read back: CONFIG knows passwords too.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from .flat import CONFIG, pairs, text
from .info_reply import read_info

#: Field of INFO -> the parameter it repeats.
_NUMBERS = {"maxmemory": "maxmemory", "maxclients": "maxclients", "configured_hz": "hz"}
#: Longest value that is believed.
MOST_CHARACTERS = 200


def answered(replies: Iterable[Any]) -> dict[str, str]:
    """What CONFIG GET gave, name by name."""
    return {name: text(value) for reply in replies for name, value in pairs(reply) if name in CONFIG}


def told_by_info(reply: Any) -> dict[str, str]:
    """The parameters that INFO repeats."""
    info = read_info(reply)
    numbers = {sample.metric: sample.value for sample in info.samples if not sample.labels}
    found = {parameter: f"{numbers[field]:.0f}" for field, parameter in _NUMBERS.items() if field in numbers}
    if policy := info.state.get("maxmemory_policy"):
        found["maxmemory-policy"] = policy
    if "aof_enabled" in numbers:
        found["appendonly"] = "yes" if numbers["aof_enabled"] else "no"
    return found


def to_json(found: Mapping[str, Mapping[str, str]], at: datetime) -> bytes:
    """The exported file: settings by the name of the instance, and when they were read."""
    told = {"read_at": at.isoformat(timespec="seconds"), "instances": found}
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def from_json(data: bytes, source: str) -> dict[str, str]:
    """What an exported file says of one instance. Raises ValueError for a file of another shape."""
    told = orjson.loads(data)
    instances = told.get("instances") if isinstance(told, dict) else None
    if not isinstance(instances, dict):
        raise ValueError("no exported settings")  # noqa: TRY004 - it is the file that is wrong
    found = instances.get(source, {})
    return {
        name: value for name, value in pairs(found) if name in CONFIG and isinstance(value, str) and len(value) <= MOST_CHARACTERS
    }
