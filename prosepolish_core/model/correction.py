"""A correction: the text to show, and where it came from."""

from dataclasses import dataclass
from decimal import Decimal

from .outcome import ANSWERED, Outcome, Tier
from .tokens import NO_TOKENS, Tokens
from .trace import Trace


@dataclass(frozen=True, slots=True)
class Correction:
    """`text` is always fit to show: the corrected text, or the original when no tier could correct it.

    `tier` is None when nobody answered. `tokens` are those of the call that made the answer (also on a hit); `cost_usd` is
    what *this* answer cost: zero on a hit, None when the call was paid for but its model has no known price. `detail` is
    a short machine word when there is no correction: `safety`, `length`, `empty`, `paced`, `deadline`, `no_backend` …
    `avoided_usd` is what a hit would have cost today. `degraded` says that Redis could not do its work on the way.
    """

    text: str
    changed: bool
    tier: Tier | None
    outcome: Outcome
    tokens: Tokens = NO_TOKENS
    cost_usd: Decimal | None = Decimal(0)
    trace: Trace = ()
    detail: str = ""
    model: str = ""
    avoided_usd: Decimal | None = None
    degraded: bool = False

    @property
    def corrected(self) -> bool:
        """Whether a tier really looked at the text (it may have had nothing to change)."""
        return self.outcome in ANSWERED
