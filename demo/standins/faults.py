"""Scripted faults: what a stand-in does wrong, how often, and for whom."""

import random
import threading
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from prosepolish_core.errors import InvalidInput


class FaultKind(StrEnum):
    """What goes wrong. The first block fits both upstreams; the second only the one it names."""

    STATUS = "status"  # `status` with the upstream's own error body; 429 carries Retry-After
    SLOW = "slow"  # `delay_s` more before the answer
    HANG = "hang"  # no answer until the client gives up (or a minute has passed)
    DRIP = "drip"  # the right answer, a few bytes at a time over `delay_s`
    TRUNCATE = "truncate"  # half of the body, then the connection closes
    GARBAGE = "garbage"  # 200 with a body that is not JSON
    WRONG_SHAPE = "wrong_shape"  # 200 with JSON of another shape
    CHARSET = "charset"  # 200 in Latin-1 although the header says UTF-8
    REDIRECT = "redirect"  # 302 to elsewhere
    RESET = "reset"  # the connection closes without a byte
    HANG_UP = "hang_up"  # the right answer, then the connection closes although nothing said so
    HUGE = "huge"  # 200 with `size` bytes of padding inside the answer

    NOT_FOUND = "not_found"  # dictionary: 404 for a word that exists
    NO_MEANINGS = "no_meanings"  # dictionary: 200 with an entry that has no meanings

    SAFETY = "safety"  # gemini: a candidate without content, finishReason SAFETY
    BLOCKED = "blocked"  # gemini: no candidate, promptFeedback.blockReason
    EMPTY = "empty"  # gemini: STOP with an empty text
    LENGTH = "length"  # gemini: half of the text, finishReason MAX_TOKENS
    RECITATION = "recitation"  # gemini: finishReason RECITATION
    WRONG_SCHEMA = "wrong_schema"  # gemini: prose although JSON was asked for
    FENCED = "fenced"  # gemini: the right JSON inside a Markdown code fence
    THOUGHTS = "thoughts"  # gemini: parts marked as thoughts before the answer
    NEW_BLOCK = "new_block"  # gemini: no candidate, a blockReason that no SDK knows yet
    MARKUP = "markup"  # gemini: the text wrapped in HTML and a code fence


@dataclass(frozen=True)
class Fault:
    """One scripted fault. `times` None: until cleared; `match`: only requests whose word or text contains it."""

    kind: FaultKind
    status: int = 503
    retry_after_s: int = 5
    delay_s: float = 3.0
    size: int = 5_000_000
    times: int | None = None
    share: float = 1.0
    match: str = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what the control endpoint was sent. Raises InvalidInput."""
        try:
            fault = cls(**{**data, "kind": FaultKind(data["kind"])})
        except (KeyError, TypeError, ValueError):
            raise InvalidInput(f"a fault needs a kind, one of {', '.join(FaultKind)}") from None
        if not (0 <= fault.share <= 1 and 100 <= fault.status <= 599 and fault.delay_s >= 0):
            raise InvalidInput("share must be 0 to 1, status 100 to 599, delay_s not negative")
        return fault


@dataclass
class FaultScript:
    """The faults waiting for one upstream; the first that fits a request is used. Thread-safe."""

    seed: int = 0
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def add(self, fault: Fault) -> None:
        """Append a fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Nothing goes wrong from now on."""
        with self._lock:
            self._faults.clear()

    def take(self, subject: str) -> Fault | None:
        """The fault this request suffers, if any; a fault with `times` is used up by it."""
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.match in subject and self._random.random() < fault.share:
                    if fault.times is not None:
                        self._faults[position : position + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    return fault
        return None

    def waiting(self) -> list[Fault]:
        """What is scripted now."""
        with self._lock:
            return list(self._faults)
