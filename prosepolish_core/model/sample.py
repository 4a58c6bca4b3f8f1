"""Samples and runs: what a collector gives, and what the store keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

Labels = tuple[tuple[str, str], ...]
#: The collector that says whether an instance is up: the one that reads INFO.
INFO = "redis_info"


class Kind(StrEnum):
    """How a metric behaves: a counter only grows until a reset, a gauge goes both ways."""

    COUNTER = "counter"
    GAUGE = "gauge"


class Sample(NamedTuple):
    """One number of one run. `labels` are sorted pairs; `unit` is a base unit (`bytes`, `seconds`, `ratio`, `1`)."""

    metric: str
    value: float
    kind: Kind = Kind.GAUGE
    unit: str = "1"
    labels: Labels = ()


class RunOutcome(StrEnum):
    """What a collector's run came to."""

    OK = "ok"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ERROR = "error"


class SlowCommand(NamedTuple):
    """One entry of a server's slow log, without its arguments.

    `id` counts up within one `run_id` of the server and one log.

    `log` is `slow`, or `large-request` or `large-reply` (Valkey); of those `size_bytes` is what was large, and no time
    is known.
    """

    id: int
    at: int
    duration_s: float
    command: str
    arguments: int
    family: str
    client: str
    log: str = "slow"
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of one collector against one source.

    `source` names the instance (`cache`, `state`, a host:port, `postgres`), `tick` is the scheduled instant as whole
    seconds since the epoch: (source, collector, tick) is unique and makes writing idempotent. `state` holds
    strings read on the way (run_id, role, version), needed to classify resets. `slow` holds new slow log entries.
    """

    collector: str
    source: str
    tick: int
    ts: datetime
    duration_s: float
    outcome: RunOutcome
    samples: tuple[Sample, ...] = ()
    state: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
    slow: tuple[SlowCommand, ...] = ()
