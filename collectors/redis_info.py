"""redis_info: one INFO of every instance in one sweep: sent to all, then read from each;
nothing waits for a dead one.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from prosepolish_core.errors import NoAnswer, ProsePolishError, SourceRefused, SourceUnreadable
from prosepolish_core.model.sample import INFO, Run
from prosepolish_core.watch.redis_info.info_reader import InfoReader
from prosepolish_core.watch.redis_info.redis_observer import Command, Dropped
from prosepolish_core.watch.redis_info.reply_shapes import question

from . import footprint
from .reading import ObservedServer, ScheduledRead, SourceReply, run_of

NAME = INFO
#: The whole of it first; a server or proxy that refuses a section by name is asked for what it gives by itself.
FORMS: tuple[Command, ...] = (("INFO", "everything"), ("INFO", "all"), ("INFO",))
#: Connections opened, and instances asked again, at the same time; a dead host costs one of them its time-out, not the
#: sweep.
SIDE_BY_SIDE = 8


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """INFO of one instance, in the first form it answers, and the ledger of what we cost it."""
    missing: list[NoAnswer] = []
    for form in FORMS:
        (reply,) = instance.observer.ask_all(NAME, [form], timeout_s=entry.timeout_s)
        found = None if isinstance(reply, NoAnswer) else _found(instance, reply)
        if found:
            for fault in missing:
                if isinstance(fault, SourceUnreadable):  # an empty reply to a section it does not know is a refusal too
                    instance.observer.refusals.note(fault.command, "empty")
            return found._replace(missing=tuple(SourceRefused(fault.reason, fault.command) for fault in missing))
        missing.append(reply if isinstance(reply, NoAnswer) else SourceUnreadable(question(form)))
    raise missing[-1]


def sweep(instances: Sequence[ObservedServer], entry: ScheduledRead[ObservedServer], tick: int) -> list[Run]:
    """One run per instance, in their order. Every INFO is under way before the first reply is read."""
    first = _first_replies(instances, time.perf_counter() + entry.timeout_s)

    def run(instance: ObservedServer) -> Run:
        return run_of(entry, instance.source, tick, lambda: _settled(instance, entry, first.get(instance.source)))

    again = [instance for instance in instances if _to_be_asked(first.get(instance.source))]
    runs = {instance.source: run(instance) for instance in instances if instance not in again}
    if again:
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(again)), thread_name_prefix="again") as pool:
            runs |= {run.source: run for run in pool.map(run, again)}
    return [runs[instance.source] for instance in instances]


def _first_replies(instances: Sequence[ObservedServer], until: float) -> dict[str, bytes | ProsePolishError]:
    """What each instance says to the first form, by its source, or what came in place of that;
    nothing of those not asked.
    """
    said: dict[str, bytes | ProsePolishError] = {**_open_all(instances)}
    with ExitStack() as held:
        sent = []
        for instance in instances:
            if instance.source in said or instance.observer.refusals.resting(question(FORMS[0])):
                continue
            try:
                held.enter_context(instance.observer.held(max(0.0, until - time.perf_counter())))
                instance.observer.send(NAME, FORMS[:1])
                sent.append(instance)
            except ProsePolishError as error:
                said[instance.source] = error
        try:
            for instance in sent:
                try:
                    (said[instance.source],) = instance.observer.receive(NAME, FORMS[:1], until)
                except ProsePolishError as error:
                    said[instance.source] = error
        except BaseException:
            for instance in sent:  # replies are still under way: nobody may take them for the answer to another question
                instance.observer.close()
            raise
    return said


def _to_be_asked(said: bytes | ProsePolishError | None) -> bool:
    """Whether there is more to ask: the connection had been dropped while it lay idle,
    or INFO is refused in this form.
    """
    return said is None or isinstance(said, Dropped) or (isinstance(said, SourceRefused) and said.command == question(FORMS[0]))


def _settled(instance: ObservedServer, entry: ScheduledRead[ObservedServer], said: bytes | ProsePolishError | None) -> SourceReply:
    if _to_be_asked(said):
        return read(instance, entry)
    if isinstance(said, ProsePolishError):
        raise said
    return _found(instance, said) or read(instance, entry)


def _found(instance: ObservedServer, reply: Any) -> SourceReply | None:
    """What a reply says; None when that is nothing."""
    reader: InfoReader | None = instance.memory.get(NAME)
    if reader is None:
        reader = instance.memory[NAME] = InfoReader()
    before = reader.run_id
    info = reader.read(reply)
    if not info.samples and not info.state["version"]:
        return None
    if before not in {"", reader.run_id}:  # other connections may lead to the old one still
        instance.hang_up()
    elif reader.demoted:  # the next reading asks where the name leads by then; it may be a while until it leads elsewhere
        instance.observer.close()
    return SourceReply(info.samples + footprint.samples(instance, info.commands), info.state)


def _open_all(instances: Sequence[ObservedServer]) -> dict[str, ProsePolishError]:
    """Connect those that are not; gives the fault of each that cannot be."""
    closed = [instance for instance in instances if not instance.observer.connected]
    if not closed:
        return {}
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(closed)), thread_name_prefix="open") as pool:
        faults = pool.map(_open, closed)
        return {instance.source: fault for instance, fault in zip(closed, faults, strict=True) if fault}


def _open(instance: ObservedServer) -> ProsePolishError | None:
    try:
        instance.observer.connect()
    except ProsePolishError as error:
        return error
    return None
