"""LLM answers in Redis: one GET, one SET with a time to live. Redis away is a miss that says why."""

import json
from collections.abc import Mapping
from typing import Any

import redis

from ..calc.strict_json import MalformedJson, parse
from ..model.keys import LLM, MOST_VALUE_BYTES, key
from ..model.outcome import Outcome


class RedisAnswers:
    """A first, plain store of answers by task and digest."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def get(self, task: str, digest: str) -> tuple[Outcome, Mapping[str, Any] | None]:
        """HIT with the value, MISS, TIMEOUT or ERROR."""
        try:
            raw: Any = self._client.get(key(LLM.family, task, digest))
        except redis.TimeoutError:
            return Outcome.TIMEOUT, None
        except redis.RedisError:
            return Outcome.ERROR, None
        try:
            value = parse(raw) if raw else None
        except MalformedJson:
            value = None
        return (Outcome.HIT, value) if isinstance(value, dict) else (Outcome.MISS, None)

    def put(self, task: str, digest: str, value: Mapping[str, Any]) -> bool:
        """Keep the value; whether it was kept."""
        raw = json.dumps(value).encode()
        if len(raw) > MOST_VALUE_BYTES:
            return False
        try:
            return bool(self._client.set(key(LLM.family, task, digest), raw, ex=LLM.ttl_s))
        except redis.RedisError:
            return False
