"""What tiers, dependencies, key families and tasks are called on screen. One table each, read by every page."""

from collections.abc import Mapping

from prosepolish_core.model.outcome import TIER_LABELS, Family

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
