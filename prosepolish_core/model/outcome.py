"""The closed sets of words (tiers, outcomes), and the trace of one call, tier by tier."""

from enum import StrEnum
from typing import NamedTuple


class Tier(StrEnum):
    """One level of the lookup, cheapest first."""

    REDIS = "redis"
    POSTGRES = "postgres"
    DICTIONARY_API = "dictionary_api"
    GEMINI = "gemini"


#: What each tier is called on screen and in messages.
TIER_LABELS = {Tier.REDIS: "Redis", Tier.POSTGRES: "PostgreSQL", Tier.DICTIONARY_API: "Dictionary API", Tier.GEMINI: "Gemini"}


class Outcome(StrEnum):
    """What asking a tier (or the whole chain) came to."""

    HIT = "hit"
    MISS = "miss"
    NEGATIVE_HIT = "negative_hit"
    STALE_HIT = "stale_hit"
    #: Another caller's load of the same key was waited for. No hit of Redis: it had nothing.
    COALESCED = "coalesced"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ERROR = "error"


class Family(StrEnum):
    """A key family: the first segment of a Redis key, and the label of every counter."""

    DICTIONARY = "dict"
    PROFILE = "user"
    SESSION = "session"
    RATE_LIMIT = "ratelimit"
    LLM = "llm"
    SETTINGS = "settings"


#: Outcomes in which the tier itself had the answer.
HITS = frozenset({Outcome.HIT, Outcome.NEGATIVE_HIT, Outcome.STALE_HIT})
#: Outcomes that gave the caller an answer.
ANSWERED = HITS | {Outcome.COALESCED}
#: Outcomes in which a tier could not do its work.
FAILED = frozenset({Outcome.REFUSED, Outcome.TIMEOUT, Outcome.ERROR})


class TraceStep(NamedTuple):
    """One tier asked once.

    `start_s` counts from the beginning of the call, `duration_s` is the time in this tier; both in seconds of the
    monotonic clock. `filled` names the tiers above that were given this tier's answer; a quick load does not wait to
    hear that Redis took it, and a refusal is counted as the event `lease_lost` when it is heard. `detail` is a short
    machine word such as `breaker_open` or `404`, never a value or a message of a driver.
    """

    tier: Tier
    outcome: Outcome
    start_s: float
    duration_s: float
    filled: tuple[Tier, ...] = ()
    detail: str = ""


Trace = tuple[TraceStep, ...]
