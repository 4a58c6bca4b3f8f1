"""redis_info: one INFO of every instance in one sweep: sent to all, then read from each; nothing waits for a dead one."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from prosepolish_core.errors import ProsePolishError, SourceRefused
from prosepolish_core.model.sample import Run, RunOutcome
from prosepolish_core.watch.redis_info.info_reader import InfoReader

from . import footprint
from .reading import Entry, Found, Instance, failed

NAME = "redis_info"
COMMAND = ("INFO", "everything")
#: Connections opened at the same time; a dead host costs one of them its time-out, not the sweep.
OPENERS = 8


def read(instance: Instance, entry: Entry[Instance]) -> Found:
    """INFO of one instance, and the ledger of what we cost it."""
    return _found(instance, instance.observer.ask(NAME, *COMMAND, timeout_s=entry.timeout_s))


def sweep(instances: Sequence[Instance], entry: Entry[Instance], tick: int) -> list[Run]:
    """One run per instance, in their order. Every INFO is under way before the first reply is read."""
    deadline = time.monotonic() + entry.timeout_s
    faults = _open_all(instances)
    with ExitStack() as held:
        for instance in instances:
            if instance.source not in faults:
                try:
                    held.enter_context(instance.observer.held(max(0.0, deadline - time.monotonic())))
                    instance.observer.send(NAME, [COMMAND])
                except ProsePolishError as error:
                    faults[instance.source] = error
        try:
            return [_take(instance, tick, deadline, faults.get(instance.source)) for instance in instances]
        except BaseException:
            for instance in instances:  # replies are still under way: nobody may take them for the answer to another question
                instance.observer.close()
            raise


def _take(instance: Instance, tick: int, deadline: float, fault: Exception | None) -> Run:
    began = time.monotonic()
    try:
        if fault:
            raise fault
        reply = instance.observer.receive(NAME, COMMAND, deadline)
        if isinstance(reply, SourceRefused):
            raise reply
        found = _found(instance, reply)
    except ProsePolishError as error:
        return failed(NAME, instance.source, tick, error, time.monotonic() - began)
    now = datetime.now(UTC)
    return Run(NAME, instance.source, tick, now, time.monotonic() - began, RunOutcome.OK, found.samples, found.state, found.detail)


def _found(instance: Instance, reply: bytes) -> Found:
    reader: InfoReader | None = instance.memory.get(NAME)
    if reader is None:
        reader = instance.memory[NAME] = InfoReader()
    info = reader.read(reply)
    return Found(info.samples + footprint.samples(instance, info.commands), info.state)


def _open_all(instances: Sequence[Instance]) -> dict[str, Exception]:
    """Connect those that are not; gives the fault of each that cannot be."""
    closed = [instance for instance in instances if not instance.observer.connected]
    if not closed:
        return {}
    with ThreadPoolExecutor(min(OPENERS, len(closed)), thread_name_prefix="open") as pool:
        faults = pool.map(partial(_open), closed)
        return {instance.source: fault for instance, fault in zip(closed, faults, strict=True) if fault}


def _open(instance: Instance) -> Exception | None:
    try:
        instance.observer.connect()
    except ProsePolishError as error:
        return error
    return None
