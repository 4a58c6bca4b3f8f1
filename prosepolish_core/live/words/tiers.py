"""The chain, declared as data: what each tier may take, when it is left alone,
what is remembered of it and what it costs.
"""

from dataclasses import dataclass

from ...calc.breaker import BreakerPolicy
from ...model.outcome import Tier

#: Longest time a caller waits for an answer, whatever the tiers do.
OVERALL_S = 4.0
#: With less time left than this a tier is not asked any more.
LEAST_S = 0.02
#: What a source leaves of the caller's time: to conclude, to keep the answer or to say that there is none, and to hand
#: it over.
SPARED_S = 0.1


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """One row.

    `fills` names the tiers above that keep its entries; `absence_s` how long Redis first remembers its "no such word".

    `breaker` is None for the two stores, which have guards of their own. That of Redis opens at the first fault and is
    half-opened by a probe in the background; that of PostgreSQL lets one attempt to connect through at a time, beside
    the callers. `repeats` says when a request is sent again.
    """

    tier: Tier
    deadline_s: float
    breaker: BreakerPolicy | None
    repeats: str
    fills: tuple[Tier, ...]
    absence_s: float
    price: str


API = BreakerPolicy(failures=5)
MODEL = BreakerPolicy(failures=3)
BOTH = (Tier.REDIS, Tier.POSTGRES)
IDLE = "once, when the connection was closed while it lay idle"

# fmt: off
ROWS = (
    #          tier              deadline  breaker  repeats  fills           "no such word"  price
    TierPolicy(Tier.REDIS,          0.05,  None,    IDLE,    (),             0.0,            "memory"),
    TierPolicy(Tier.POSTGRES,       0.25,  None,    IDLE,    (Tier.REDIS,),  60.0,           "disk"),
    TierPolicy(Tier.DICTIONARY_API, 1.5,   API,     IDLE,    BOTH,           60.0,           "free"),
    TierPolicy(Tier.GEMINI,         2.5,   MODEL,   "never", BOTH,           600.0,          "tokens"),
)
# fmt: on
TIERS = {row.tier: row for row in ROWS}

#: An absence is remembered longer each time it is confirmed: in Redis up to ten minutes, in PostgreSQL up to a day.
LONGEST_ABSENCE_S = 600.0
KEPT_ABSENCE_S = 600.0
LONGEST_KEPT_ABSENCE_S = 86_400.0
#: "No such word" by the API alone, while the tier that could know better was away.
DOUBTFUL_ABSENCE_S = 30.0


def absence_s(absences: int, first_s: float) -> float:
    """How long Redis remembers: doubled with every confirmation, ten minutes at most."""
    return float(min(first_s * 2 ** min(max(absences - 1, 0), 16), LONGEST_ABSENCE_S))


def kept_absence_s(absences: int) -> float:
    """How long PostgreSQL remembers: ten minutes, doubled with every confirmation, a day at most."""
    return float(min(KEPT_ABSENCE_S * 2 ** min(max(absences - 1, 0), 16), LONGEST_KEPT_ABSENCE_S))
