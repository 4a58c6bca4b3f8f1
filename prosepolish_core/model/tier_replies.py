"""What the tiers below Redis say of a word: a row of PostgreSQL, or the reply of an upstream."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from .llm import LlmCall
from .outcome import Outcome


class WordRow(NamedTuple):
    """What PostgreSQL knows of a word. `fence` changes with every invalidation; a word without a row has 0.

    Without an entry: `absences` counts how often it was found not to exist, `absent` says that this is still
    remembered, `judged` that the LLM has said so (it is not asked twice). `paid` is the ledger row of the call that
    gave the entry, or the LLM's word that there is none.
    """

    fence: int = 0
    entry: Mapping[str, object] | None = None
    source: str = ""
    absences: int = 0
    absent: bool = False
    judged: bool = False
    paid: LlmCall | None = None


class Fetched(NamedTuple):
    """What an upstream that knows words said.

    `outcome` is HIT (with `entry`), NEGATIVE_HIT (it says there is no such word), REFUSED (429 or pacing), TIMEOUT or
    ERROR. `entry` is the plain dictionary that `Entry.from_dict` reads. `call` is set when the answer was paid for,
    `spared` when a call was not made because its last answer was unfit. `cost_usd` is that of a fault: None when
    nobody knows it.
    """

    outcome: Outcome
    entry: Mapping[str, object] | None = None
    detail: str = ""
    retry_after_s: float | None = None
    call: LlmCall | None = None
    spared: LlmCall | None = None
    cost_usd: Decimal | None = Decimal(0)
