"""What the user chose on the command line of `up`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """The options of `up`.

    `rate` is lookups a second; `speed` divides the stand-ins' delays; `history`: days of a simulated past.
    """

    port: int
    data_dir: Path
    traffic: bool = True
    rate: float = 8.0
    seed: int = 1
    speed: float = 1.0
    open_browser: bool = False
    history: int = 0
