"""Tokens of one LLM call, counted as they are billed."""

from typing import NamedTuple

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
