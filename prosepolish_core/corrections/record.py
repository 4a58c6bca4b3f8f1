"""What a load of a correction came to: a finished answer, which is cached, or a fault, which is only told to who waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ..model.outcome import Outcome
from ..model.tokens import NO_TOKENS, Tokens


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """`text` is None for a fault, `outcome` and `detail` say which. The rest is the evidence of the call that was made.

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
            text, tokens, duration_s = plain["text"], Tokens(*plain["tokens"]), plain["duration_s"]
            record = cls(text, plain["model"], tokens, float(duration_s), Outcome(plain["outcome"]), plain["detail"])
        except (KeyError, TypeError, ValueError):
            return None
        whole = all(type(count) is int and count >= 0 for count in tokens) and tokens.cached <= tokens.prompt
        texts = isinstance(plain["model"], str) and isinstance(plain["detail"], str)
        fits = isinstance(text, str) and bool(text) if record.outcome is Outcome.HIT else text is None
        return record if whole and texts and fits and record.duration_s >= 0 else None

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
