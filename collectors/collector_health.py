"""collector_health: this process as a source of its own: lag, failures, spool, cost per collector, refused commands."""

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_hex

from prosepolish_core.model.sample import Kind, Sample

from .health import RunHealth
from .lease import Leases
from .reading import ObservedServer, ScheduledRead, SourceReply
from .run_keeper import RunKeeper

NAME = "collector_health"
C = Kind.COUNTER
#: With more instances than this the ledger is kept per instance only (in redis_info), not per collector and instance.
MOST_DETAILED = 20


@dataclass(slots=True)
class Process:
    """What this process knows about itself."""

    health: RunHealth
    keeper: RunKeeper
    leases: Leases
    instances: Sequence[ObservedServer]
    #: Tells this process from the one that had its place before.
    name: str = field(default_factory=lambda: token_hex(4))

    @property
    def source(self) -> str:
        """`collectors`, and `collectors-1` … for further processes that share the work."""
        slot = self.leases.slot
        return f"collectors-{slot}" if slot else "collectors"


def read(process: Process, _entry: ScheduledRead[Process]) -> SourceReply:
    """Everything that was counted since the process began."""
    keeper = process.keeper
    used = resource.getrusage(resource.RUSAGE_SELF)
    samples = [
        Sample("collector_spool_batches", float(keeper.spooled)),
        Sample("collector_spool_bytes", float(keeper.spooled_bytes), unit="bytes"),
        Sample("collector_dropped_runs", float(keeper.dropped), C),
        Sample("collector_written_runs", float(keeper.written), C),
        Sample("collector_write_seconds", keeper.write_s, unit="seconds"),
        Sample("collector_leases", float(len(process.leases.held))),
        Sample("collector_process_cpu_seconds", time.process_time(), C, "seconds"),
        Sample("collector_process_peak_bytes", used.ru_maxrss * 1024.0, unit="bytes"),
        *process.health.samples(),
    ]
    held = [instance for instance in process.instances if instance.source in process.leases.held]
    for instance in held:
        samples += _refusals(instance)
        if len(held) <= MOST_DETAILED:
            samples += _charges(instance)
    return SourceReply(tuple(samples), {"process": process.name})


def _refusals(instance: ObservedServer) -> list[Sample]:
    """Commands this instance does not run for us: a capability it lacks, not a fault.

    And when each is worth another try.
    """
    now, samples = time.monotonic(), []
    for r in list(instance.observer.refusals.values()):
        labels = (("command", r.command), ("reason", r.reason), ("target", instance.source))
        samples.append(Sample("collector_refused", 1.0, labels=labels))
        samples.append(Sample("collector_refused_retry_seconds", max(0.0, r.retry_at - now), unit="seconds", labels=labels))
    return samples


def _charges(instance: ObservedServer) -> list[Sample]:
    samples = []
    for name, charge in list(instance.observer.charges.items()):
        labels = (("collector", name), ("target", instance.source))
        samples += [
            Sample("collector_target_calls", float(charge.calls), C, labels=labels),
            Sample("collector_target_bytes", float(charge.bytes_in + charge.bytes_out), C, "bytes", labels),
            Sample("collector_target_lookups", float(charge.hits + charge.misses), C, labels=labels),
        ]
    return samples
