"""What each tier is held to: hit-rate targets and time budgets, as the design promises them. One table, read by every page."""

from prosepolish_core.model.outcome import Family, Tier

#: Share of what reaches a tier that it should answer. Nothing is promised for what is not here.
HIT_TARGETS: dict[tuple[Family, Tier], float] = {
    (Family.DICTIONARY, Tier.REDIS): 0.90,
    (Family.DICTIONARY, Tier.POSTGRES): 0.70,
    (Family.LLM, Tier.REDIS): 0.30,
}
#: The p95 each tier should keep.
BUDGETS_S: dict[Tier, float] = {Tier.REDIS: 0.005, Tier.POSTGRES: 0.020, Tier.DICTIONARY_API: 0.500, Tier.GEMINI: 2.0}
#: Fewer than this many lookups in a window say little: no verdict is drawn from them.
ENOUGH_LOOKUPS = 200
#: How far below its target a hit rate may fall before it is a warning (a ratio).
TOLERANCE = 0.05

TIER_LABELS: dict[Tier, str] = {
    Tier.REDIS: "Redis",
    Tier.POSTGRES: "PostgreSQL",
    Tier.DICTIONARY_API: "Dictionary API",
    Tier.GEMINI: "Gemini",
}
FAMILY_LABELS: dict[Family, str] = {
    Family.DICTIONARY: "dictionary",
    Family.PROFILE: "profiles",
    Family.SESSION: "sessions",
    Family.RATE_LIMIT: "rate limits",
    Family.LLM: "corrections",
    Family.SETTINGS: "user settings",
}


def tier_label(tier: str) -> str:
    """The tier's name on screen."""
    return TIER_LABELS[Tier(tier)] if tier in {t.value for t in Tier} else tier


#: What the census and key events tell apart besides: a sub-key, and keys of nobody's.
OTHER_LABELS = {"user:sessions": "session lists", "(unknown)": "no family of ours"}


def family_label(family: str) -> str:
    """The key family's name on screen."""
    return FAMILY_LABELS[Family(family)] if family in {f.value for f in Family} else OTHER_LABELS.get(family, family)
