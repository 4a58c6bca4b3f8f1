"""JSON from outside, read strictly:
what orjson takes (UTF-8, no NaN, no lone surrogate), not deep, and no key twice.
"""

import json
from typing import Any

import orjson

#: Deeper than any real answer; what is deeper would break those who walk through it.
DEEPEST = 32


class MalformedJson(ValueError):
    """The bytes are not JSON that we accept. The message never contains them."""


def parse(body: bytes | str) -> Any:
    """The value in `body`. Raises MalformedJson, and nothing else."""
    try:
        value = orjson.loads(body)
        if _deep(value):
            raise MalformedJson("nested too deeply")
        json.loads(body, object_pairs_hook=_once)  # orjson takes the last of two equal keys; others take the first
    except ValueError as error:
        raise MalformedJson(type(error).__name__) from None
    return value


def _deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST + 1):
        holders = [item for item in level if isinstance(item, dict | list)]
        level = [inner for item in holders for inner in (item.values() if isinstance(item, dict) else item)]
        if not level:
            return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise MalformedJson("a key is repeated")
