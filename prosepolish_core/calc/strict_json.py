"""JSON from outside, read strictly:
UTF-8 only, no NaN, no repeated key, no number a float cannot hold, no deep nesting.
"""

import json
import math
from typing import Any, NoReturn

#: Deeper than any real answer; a hostile one may nest hundreds of thousands deep.
DEEPEST = 32


class MalformedJson(ValueError):
    """The bytes are not JSON that we accept. The message never contains them."""


def parse(body: bytes | str, *, deepest: int = DEEPEST) -> Any:
    """The value in `body`. Raises MalformedJson, and nothing else."""
    try:
        text = body if isinstance(body, str) else body.decode("utf-8", "strict")
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_repeats)
        text.encode("utf-8", "strict")
    except MalformedJson:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedJson(type(error).__name__) from None
    _check(value, deepest)
    return value


def _no_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not a JSON number")


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise MalformedJson("a number is out of range")
    return number


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedJson("a key is repeated")
    return found


def _check(value: Any, deepest: int) -> None:
    """Refuse deep nesting and text that is not encodable (an escaped lone surrogate), without recursion."""
    level = [value]
    for _ in range(deepest + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and not _encodable(item):
                raise MalformedJson("a lone surrogate is not text")
        if not below:
            return
        level = below
    raise MalformedJson("nested too deeply")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
