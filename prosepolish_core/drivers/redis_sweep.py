"""Walking over the keys of one prefix with SCAN, and deleting them with UNLINK, a slice at a time. Never KEYS."""

from collections.abc import Iterator, Sequence
from typing import Any

import redis

from .redis_faults import unavailable

#: Keys a server looks at in one go: well under a millisecond of its time.
SLICE = 500


class RedisSweep:
    """One walk. Works on a single server and on every primary of a cluster. Raises CacheUnavailable for a fault."""

    def __init__(self, client: redis.Redis, prefix: str, slice_: int = SLICE) -> None:
        self._client: Any = client
        self._prefix = f"{prefix}:*"
        self._slice = slice_

    def size(self) -> int:
        """How many keys the server holds in all, of any prefix."""
        try:
            return int(self._client.dbsize())
        except Exception as error:
            raise unavailable(error) from error

    def slices(self) -> Iterator[list[bytes]]:
        """The keys of the prefix, in slices that may be empty; a key may come twice, and none that stays is missed."""
        try:
            for target in self._targets():
                cursor: Any = None
                while cursor != 0:
                    reply, keys = self._client.scan(cursor or 0, match=self._prefix, count=self._slice, **target)
                    cursor = next(iter(reply.values())) if isinstance(reply, dict) else reply
                    yield [key if isinstance(key, bytes) else key.encode() for key in keys]
        except Exception as error:
            raise unavailable(error) from error

    def unlink(self, keys: Sequence[bytes]) -> int:
        """Delete the keys, freeing their memory in the background; gives how many there were."""
        if not keys:
            return 0
        try:
            pipeline = self._client.pipeline(transaction=False)
            for key in keys:
                pipeline.unlink(key)
            return sum(pipeline.execute())
        except Exception as error:
            raise unavailable(error) from error

    def _targets(self) -> list[dict[str, Any]]:
        if hasattr(self._client, "get_primaries"):
            return [{"target_nodes": node} for node in self._client.get_primaries()]
        return [{}]
