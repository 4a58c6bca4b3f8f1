"""Tokens of one LLM call, counted as they are billed."""

from typing import NamedTuple


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


NO_TOKENS = Tokens()
