"""What `up` starts and what it finds: decided from the environment, before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class DemoPlan:
    """True: we start one ourselves. False: the environment names one, and it is used as it is."""

    cache: bool
    state: bool
    postgres: bool
    dictionary_api: bool
    gemini: bool

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Self:
        """An address that is set is used, and nothing is started for it.

        With REDIS_URL alone, sessions and limits live there too, as everywhere else; the dashboard warns about it.
        """
        redis = _given(env, "REDIS_URL") or bool(env.get("REDIS_HOST"))
        return cls(
            cache=not redis,
            state=not (redis or _given(env, "REDIS_STATE_URL")),
            postgres=not _given(env, "DATABASE_URL"),
            dictionary_api=not _given(env, "DICTIONARY_API_URL"),
            gemini=not _given(env, "GEMINI_API_KEY"),
        )

    @property
    def embedded(self) -> tuple[str, ...]:
        """Servers that run embedded, by name."""
        return tuple(name for name in ("cache", "state", "postgres") if getattr(self, name))

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Upstreams that are stand-ins, by name."""
        return tuple(name for name in ("dictionary_api", "gemini") if getattr(self, name))

    @property
    def mixes(self) -> bool:
        """Whether answers of a stand-in end up in a server that is not ours and outlives the demo."""
        return bool(self.stand_ins) and not (self.cache and self.postgres)


def _given(env: Mapping[str, str], name: str) -> bool:
    return bool(env.get(name) or env.get(f"{name}_FILE"))
