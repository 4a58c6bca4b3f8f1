"""What a load of a correction came to: a finished answer or a verdict, which are cached, or a fault, only told to who waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ..llm.ledger import lasted
from ..model.outcome import Outcome
from ..model.tokens import NO_TOKENS, Tokens


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """`text` is None for a verdict or a fault, `outcome` and `detail` say which. The rest is the evidence of the call.

    `model` is the version that answered, `duration_s` how long it took: the time that a hit saves.
    """

    text: str | None
    model: str = ""
    tokens: Tokens = NO_TOKENS
    duration_s: float = 0.0
    outcome: Outcome = Outcome.HIT
    detail: str = ""

    @classmethod
    def from_dict(cls, plain: Any) -> Self | None:
        """Read a value back; None when it is not one of ours."""
        if not isinstance(plain, Mapping):
            return None
        try:
            text, duration_s = plain["text"], plain["duration_s"]
            record = cls(
                text, plain["model"], Tokens(*plain["tokens"]), float(duration_s), Outcome(plain["outcome"]), plain["detail"]
            )
        except (KeyError, TypeError, ValueError):
            return None
        texts = isinstance(plain["model"], str) and isinstance(plain["detail"], str)
        fits = isinstance(text, str) and bool(text) if record.outcome is Outcome.HIT else text is None
        return record if record.tokens.possible and texts and fits and lasted(duration_s) else None

    def to_dict(self) -> dict[str, Any]:
        """The plain dictionary that `from_dict` reads back."""
        return {
            "text": self.text,
            "model": self.model,
            "tokens": list(self.tokens),
            "duration_s": self.duration_s,
            "outcome": self.outcome.value,
            "detail": self.detail,
        }
