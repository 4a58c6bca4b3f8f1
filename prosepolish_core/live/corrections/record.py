"""What a load of a correction came to:
a finished answer or a verdict, which are cached, or a fault, only told to who waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from ...model.correction import NO_TOKENS, Tokens
from ...model.llm import LlmCall
from ...model.outcome import Outcome
from ...model.provenance import Provenance
from ..llm.ledger import PAID, affordable, lasted

_OUTCOMES = frozenset(outcome.value for outcome in Outcome)


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """`text` is None for a verdict or a fault, `outcome` and `detail` say which. The rest is the evidence of the call.

    `model` is the version that answered, `duration_s` how long it took: the time that a hit saves. `cost_usd` is what
    it cost on that day; None when its price was not known. `call_id` and `provenance` are those of its ledger row.
    """

    text: str | None
    model: str = ""
    tokens: Tokens = NO_TOKENS
    duration_s: float = 0.0
    outcome: Outcome = Outcome.HIT
    detail: str = ""
    cost_usd: Decimal | None = None
    call_id: str = ""
    provenance: str = Provenance.LIVE

    @classmethod
    def from_dict(cls, plain: Any) -> Self | None:
        """Read a value back; None when it is not one of ours."""
        return cls.read(plain) if is_record(plain) else None

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Self:
        """The same for a value that has been found to be one of ours."""
        cost = plain.get("cost_usd")
        return cls(
            plain["text"],
            plain["model"],
            Tokens(*plain["tokens"]),
            plain["duration_s"],
            Outcome(plain["outcome"]),
            plain["detail"],
            None if cost is None else Decimal(cost),
            plain.get("call", ""),
            plain.get("provenance", Provenance.LIVE),
        )

    def paid(self, task: str) -> LlmCall:
        """The call behind it, as the ledger has it."""
        row = LlmCall(PAID, task, self.model, *self.tokens, self.cost_usd, "", self.duration_s)
        return row._replace(call_id=self.call_id, provenance=self.provenance)

    def to_dict(self) -> dict[str, Any]:
        """The plain dictionary that `from_dict` reads back."""
        plain = {
            "text": self.text,
            "model": self.model,
            "tokens": list(self.tokens),
            "duration_s": self.duration_s,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "cost_usd": None if self.cost_usd is None else str(self.cost_usd),
        }
        if self.call_id:
            plain["call"] = self.call_id
        if self.provenance != Provenance.LIVE:
            plain["provenance"] = str(self.provenance)
        return plain


def origin_of(call: LlmCall) -> tuple[str, str]:
    """The fields of a record that say which ledger row it comes from."""
    return call.call_id, call.provenance


def is_record(plain: Any) -> bool:
    """Whether a stored value has the shape of a record:
    whoever may write to Redis must not be able to make a correction raise.
    """
    try:
        text, outcome, cost = plain["text"], plain["outcome"], plain.get("cost_usd")
        fits = type(text) is str and text != "" if outcome == "hit" else text is None and outcome in _OUTCOMES
        return (
            fits
            and type(plain["model"]) is type(plain["detail"]) is str
            and Tokens(*plain["tokens"]).possible
            and lasted(plain["duration_s"])
            and (cost is None or affordable(Decimal(cost)))
            and type(plain.get("call", "")) is type(plain.get("provenance", "")) is str
        )
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return False
