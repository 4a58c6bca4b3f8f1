"""The closed sets of words: tiers, outcomes and key families."""

from enum import StrEnum


class Tier(StrEnum):
    """One level of the lookup, cheapest first."""

    REDIS = "redis"
    POSTGRES = "postgres"
    DICTIONARY_API = "dictionary_api"
    GEMINI = "gemini"


class Outcome(StrEnum):
    """What asking a tier (or the whole chain) came to."""

    HIT = "hit"
    MISS = "miss"
    NEGATIVE_HIT = "negative_hit"
    STALE_HIT = "stale_hit"
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


#: Outcomes that gave the caller an answer.
ANSWERED = frozenset({Outcome.HIT, Outcome.NEGATIVE_HIT, Outcome.STALE_HIT})
#: Outcomes in which a tier could not do its work.
FAILED = frozenset({Outcome.REFUSED, Outcome.TIMEOUT, Outcome.ERROR})
