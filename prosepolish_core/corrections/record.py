"""What is cached of a correction: the text, and the evidence of the call that made it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ..model.tokens import Tokens


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """`model` is the version that answered; `duration_s` is how long it took: the time that a hit saves."""

    text: str
    model: str
    tokens: Tokens
    duration_s: float

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self | None:
        """Read a cached value; None when it is not one of ours."""
        text, model, tokens, duration = (plain.get(name) for name in ("text", "model", "tokens", "duration_s"))
        if not (isinstance(text, str) and isinstance(model, str) and isinstance(duration, int | float)):
            return None
        if not isinstance(tokens, list) or len(tokens) != len(Tokens._fields):
            return None
        if not all(isinstance(n, int) and n >= 0 for n in tokens) or tokens[1] > tokens[0]:
            return None
        return cls(text, model, Tokens(*tokens), float(duration))

    def to_dict(self) -> dict[str, Any]:
        """The plain dictionary that `from_dict` reads back."""
        return {"text": self.text, "model": self.model, "tokens": list(self.tokens), "duration_s": self.duration_s}
