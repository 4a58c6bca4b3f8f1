"""One row of the table of proofs, and how it is printed."""

from typing import NamedTuple


class Row(NamedTuple):
    """What a campaign showed: its size, its result beside the bar, and whether it holds."""

    name: str
    seed: int
    size: str
    result: str
    bar: str
    holds: bool
    seconds: float = 0.0

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "FAILS"
        return f"| {self.name} | {self.seed} | {self.size} | {self.result} | {self.bar} | {verdict} | {self.seconds:.0f} s |"


HEAD = "| proof | seed | size | result | bar | | time |\n|---|---|---|---|---|---|---|"
