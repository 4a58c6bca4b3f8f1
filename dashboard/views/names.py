"""What tiers, dependencies, key families and tasks are called on screen. One table each, read by every page."""

from collections.abc import Mapping

from prosepolish_core.model.llm import LedgerLine
from prosepolish_core.model.outcome import TIER_LABELS, Family
from prosepolish_core.model.provenance import Provenance

TIERS: Mapping[str, str] = {tier.value: label for tier, label in TIER_LABELS.items()}
#: The two last are no families of the core: a sub-key and keys of nobody's, which the census and key events tell apart.
FAMILIES: Mapping[str, str] = {
    Family.DICTIONARY: "dictionary",
    Family.PROFILE: "profiles",
    Family.SESSION: "sessions",
    Family.RATE_LIMIT: "rate limits",
    Family.LLM: "corrections",
    Family.SETTINGS: "user settings",
    "user:sessions": "session lists",
    "(unknown)": "no family of ours",
}
#: What the LLM is asked for.
TASKS: Mapping[str, str] = {"correct": "corrections", "define": "definitions"}


def tier_label(tier: str) -> str:
    """The tier's name on screen."""
    return TIERS.get(tier, tier)


def family_label(family: str) -> str:
    """The key family's name on screen."""
    return FAMILIES.get(family, family)


#: The lines of the ledger, in the order in which they are told.
LINES: Mapping[str, str] = {
    LedgerLine.ANSWER: "Paid, and of use",
    LedgerLine.NOTHING: "Paid for nothing",
    LedgerLine.HOLD_OUT: "Paid to measure (hold-out)",
    LedgerLine.REDIS: "Spared by Redis",
    LedgerLine.POSTGRES: "Spared by PostgreSQL",
    LedgerLine.REMEMBERED: "Spared by remembered answers",
    LedgerLine.COALESCED: "Spared by waiting for another's call",
}
#: Whose doing a call was.
PROVENANCES: Mapping[str, str] = {
    Provenance.LIVE: "users",
    Provenance.STAND_IN: "stand-ins",
    Provenance.PLAYGROUND: "the Playground",
    Provenance.TEST: "tests",
    Provenance.REFRESH: "early refreshes",
    Provenance.SIMULATED: "a simulation",
    Provenance.UNRECORDED: "rows from before this was recorded",
}
