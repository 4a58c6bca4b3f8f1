"""One row of the table: a question, its bar, what was seen."""

from typing import NamedTuple

from benchmarks._table import SIGN


class Proof(NamedTuple):
    """`met` says whether what was seen holds the bar; a row without a bar is met."""

    question: str
    bar: str
    seen: str
    met: bool = True

    @property
    def line(self) -> str:
        """As it is printed, and found again for the table."""
        return f"{SIGN}{self.question} | {self.bar} | {self.seen} | {'met' if self.met else 'MISSED'}"
