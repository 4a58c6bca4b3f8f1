"""What each tier is held to: hit-rate targets and time budgets, as the design promises them.

One table for pages and alerts.
"""

from .outcome import Family, Tier

#: Share of what reaches a tier that it should answer. Nothing is promised for what is not here.
HIT_TARGETS: dict[tuple[Family, Tier], float] = {
    (Family.DICTIONARY, Tier.REDIS): 0.90,
    (Family.DICTIONARY, Tier.POSTGRES): 0.70,
    (Family.LLM, Tier.REDIS): 0.30,
}
#: The p95 each tier should keep.
BUDGETS_S: dict[Tier, float] = {Tier.REDIS: 0.005, Tier.POSTGRES: 0.020, Tier.DICTIONARY_API: 0.500, Tier.GEMINI: 2.0}
#: Fewer lookups, or calls, than this in a window say little: no verdict is drawn from them.
ENOUGH_LOOKUPS, ENOUGH_CALLS = 200, 50
#: How far below its target a hit rate may fall before it is a warning (a ratio); it is drawn on the charts.
TOLERANCE = 0.05
