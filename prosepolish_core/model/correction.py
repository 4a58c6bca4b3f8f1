"""A correction: the text to show, where it came from, and the tokens of its LLM call as they are billed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from .outcome import ANSWERED, Outcome, Tier, Trace

#: More than any model reads or writes in one call: a larger count is a fault, and must not reach a sum.
MOST_TOKENS = 100_000_000


class Tokens(NamedTuple):
    """`prompt` includes `cached`; `thoughts` are billed as output and are not in `output`."""

    prompt: int = 0
    cached: int = 0
    output: int = 0
    thoughts: int = 0

    @property
    def total(self) -> int:
        """Every token of the call, each once."""
        return self.prompt + self.output + self.thoughts

    @property
    def possible(self) -> bool:
        """Whether a call can have had these counts."""
        return all(type(count) is int and 0 <= count <= MOST_TOKENS for count in self) and self.cached <= self.prompt


NO_TOKENS = Tokens()


@dataclass(frozen=True, slots=True)
class Correction:
    """`text` is always fit to show: the corrected text, or the original when no tier could correct it.

    `tier` is None when nobody answered. `tokens` are those of the call that made the answer (also on a hit); `cost_usd`
    is what *this* answer cost: zero on a hit, None when the call was paid for but its model has no known price.
    `detail` is a short machine word when there is no correction: `safety`, `length`, `empty`, `paced`, `deadline`,
    `no_backend` … `avoided_usd` is what a hit would have cost today. `degraded` says that Redis could not do its work
    on the way.
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
