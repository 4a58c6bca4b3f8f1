"""The recorder: nothing is lost or counted twice, whatever threads, forks and exits do."""

import os
import threading
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosepolish_core.model.access import unpacked
from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.outcome import Family, Outcome, Tier, TraceStep
from prosepolish_core.ports import Recorder
from prosepolish_core.watch.counts.recorder import MOST, MOST_READS, SLICE, BufferedRecorder
from tests.support.waiting import wait_for

from .support import MemoryWriter

CALL = LlmCall("avoided", "correct", "m", 10, 0, 5, 0, Decimal("0.0005"), "2026-01-01", 1.0)


def quiet(writer: MemoryWriter) -> BufferedRecorder:
    """A recorder whose thread does not wake during a test."""
    return BufferedRecorder(writer, flush_s=300)


def test_it_is_a_recorder() -> None:
    """The implementation has the shape of the port."""
    recorder: Recorder = quiet(MemoryWriter())
    assert isinstance(recorder, BufferedRecorder)


def test_a_trace_counts_every_step_and_one_answer() -> None:
    """A miss in Redis answered by PostgreSQL is two steps and one answer, and each step's time is in its histogram."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    recorder.record(
        Family.DICTIONARY,
        (
            TraceStep(Tier.REDIS, Outcome.MISS, 0.0, 0.0004),
            TraceStep(Tier.POSTGRES, Outcome.HIT, 0.0004, 0.012, filled=(Tier.REDIS,)),
        ),
    )
    recorder.record(Family.DICTIONARY, ())
    assert recorder.flush()
    rows = {(r.tier, r.outcome): r for b in writer.batches for r in b.lookups}
    assert rows["redis", "miss"][4:7] == (1, 0, pytest.approx(0.0004))
    assert rows["postgres", "hit"][4:7] == (1, 1, pytest.approx(0.012))
    assert [BOUNDS_S[i] for i, n in enumerate(rows["postgres", "hit"].counts) if n] == [0.0126]


@given(st.lists(st.floats(0, 100)))
@settings(max_examples=50)
def test_a_histogram_holds_each_duration_at_or_below_its_bound(durations: list[float]) -> None:
    """Each duration lies at or below the bound of its bucket and above the bound before."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    for duration in durations:
        recorder.hit(Family.LLM, Tier.REDIS, Outcome.HIT, duration)
    recorder.flush()
    for bound, counted in zip(BOUNDS_S, _cumulative(writer), strict=True):
        assert counted == sum(d <= bound for d in durations)


def _cumulative(writer: MemoryWriter) -> list[int]:
    counts = [0] * len(BOUNDS_S)
    for row in (r for b in writer.batches for r in b.lookups):
        counts = [a + b for a, b in zip(counts, row.counts, strict=True)]
    return [sum(counts[: i + 1]) for i in range(len(counts))]


@pytest.mark.parametrize("duration", [-1.0, float("nan"), float("inf"), 1e9])
def test_a_duration_that_cannot_be_is_counted_without_its_time(duration: float) -> None:
    """A caller's mistake neither raises nor poisons the sums."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    recorder.hit(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, duration)
    recorder.flush()
    assert (writer.steps(), writer.batches[0].lookups[0].sum_s) == (1, 0.0)
    assert writer.events() == {"bad_duration": 1}


def test_a_word_outside_the_closed_sets_is_counted_as_a_fault() -> None:
    """An unknown family neither raises nor grows the memory."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    for number in range(50):
        recorder.hit(cast("Family", f"family{number}"), Tier.REDIS, Outcome.HIT, 0.1)
    recorder.record(Family.LLM, cast("tuple[TraceStep, ...]", ("not a step",)))
    recorder.flush()
    assert (writer.steps(), writer.events()) == (0, {"bad_record": 51})


def test_sixteen_threads_lose_nothing_while_another_flushes() -> None:
    """Counts of threads that end, and of threads that count while being drained, all arrive once."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    rounds, workers = 3000, 16
    over = threading.Event()

    def work() -> None:
        for _ in range(rounds):
            recorder.hit(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.0002)
            recorder.event("fill")

    def flush() -> None:
        while not over.is_set():
            recorder.flush()

    flusher = threading.Thread(target=flush)
    threads = [threading.Thread(target=work) for _ in range(workers)]
    flusher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    flusher.join()
    recorder.flush()
    assert writer.answers() == {("dict", "redis", "hit"): rounds * workers}
    assert writer.events() == {"fill": rounds * workers}


def test_notes_are_bounded_when_the_flusher_cannot_keep_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a flusher that never gets its turn the callers count themselves: little waits, and nothing is lost."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    monkeypatch.setattr(recorder._flusher, "start", lambda: None)
    longest = 0
    for _ in range(2 * MOST + 10):
        recorder.hit(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.0002)
        longest = max(longest, len(recorder._calls))
    assert longest <= MOST + 1
    recorder.flush()
    assert writer.answers() == {("dict", "redis", "hit"): 2 * MOST + 10}


def test_reads_that_find_no_room_are_counted() -> None:
    """The trace is a sample: it may be cut, but the cut is counted."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    with recorder._flusher._draining:
        for _ in range(MOST_READS + 7):
            recorder.access(Family.DICTIONARY, "dict:eloquent", 470)
    recorder.flush()
    assert sum(c.reads for b in writer.batches for c in b.accesses) == MOST_READS
    assert writer.events() == {"access_trace_dropped": 7}


def test_what_is_counted_while_the_store_is_away_arrives_when_it_returns() -> None:
    """Lookups, ledger rows and events wait, and are written once."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    writer.away = True
    for _ in range(5):
        recorder.hit(Family.LLM, Tier.REDIS, Outcome.HIT, 0.001)
        recorder.llm(CALL)
        recorder.access(Family.LLM, "llm:x", 3000)
        assert not recorder.flush()
    writer.away = False
    assert recorder.flush()
    assert writer.answers() == {("llm", "redis", "hit"): 5}
    assert [row.call for b in writer.batches for row in b.ledger] == [CALL] * 5
    assert sum(c.reads for b in writer.batches for c in b.accesses) == 5


def test_a_lost_reply_does_not_count_twice() -> None:
    """A batch that may have been written is sent again under the same number, unchanged."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    recorder.event("fill")
    writer.deaf = True
    assert not recorder.flush()
    recorder.event("fill")
    writer.deaf = False
    assert recorder.flush()
    assert writer.events() == {"fill": 2}
    assert [b.sequence for b in writer.batches] == [1, 2]


def test_a_batch_that_can_never_be_written_is_given_up_and_counted() -> None:
    """One refused batch does not stop the ones after it."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    recorder.event("fill")
    writer.refuses = 1
    assert recorder.flush()
    recorder.event("later")
    recorder.flush()
    assert writer.events() == {"later": 1, "telemetry_batch_refused": 1}


def test_names_that_postgresql_could_not_keep_are_made_plain() -> None:
    """A NUL or a lone surrogate in a name would make a whole batch impossible to write."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    recorder.event("a\x00b\ud800")
    recorder.llm(CALL._replace(model="m\x00", task="é" * 500))
    recorder.flush()
    names = [*writer.events(), writer.batches[0].ledger[0].call.model, writer.batches[0].ledger[0].call.task]
    assert all(name.isascii() and name.isprintable() and len(name) <= 100 for name in names)


def test_the_thread_writes_by_itself_and_close_writes_the_rest() -> None:
    """Nobody needs to call flush; after close nothing waits."""
    writer = MemoryWriter()
    recorder = BufferedRecorder(writer, flush_s=0.1)
    recorder.event("first")
    wait_for(lambda: bool(writer.batches))
    assert writer.events() == {"first": 1}
    recorder.event("second")
    recorder.close()
    recorder.close()
    assert writer.events() == {"first": 1, "second": 1}
    assert writer.closed >= 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_counts_for_itself_alone() -> None:
    """What the parent counted before the fork is written by the parent only;
    the child has its own process id and thread.
    """
    writer = MemoryWriter()
    recorder = quiet(writer)
    recorder.event("before", 7)
    here, there = os.pipe()
    pid = os.fork()
    if pid == 0:  # the child says what it would write, and leaves without running anything of pytest
        try:
            recorder.event("in_child")
            recorder.flush()
            said = f"{dict(writer.events())} {writer.batches[0].process}"
        except BaseException as error:  # noqa: BLE001 - reported to the parent
            said = repr(error)
        os.write(there, said.encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(there)
    with os.fdopen(here) as pipe:
        said = pipe.read()
    recorder.flush()
    assert said.startswith("{'in_child': 1} ")
    assert str(writer.batches[0].process) not in said
    assert writer.events() == {"before": 7}


def test_a_batch_of_hits_counts_like_its_hits_one_by_one() -> None:
    """Many hits noted in one call are as many answers; of the key reads no more are kept than there is room for."""
    writer = MemoryWriter()
    recorder = quiet(writer)
    keys = [f"dict:w{n}" for n in range(MOST_READS - 1)]
    recorder.many_hits(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.001, keys, [470] * len(keys))
    recorder.many_hits(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.001, ["dict:a", "dict:b", "dict:c"], [1, 2, 3])
    assert recorder.flush()
    assert sum(r.answers for b in writer.batches for r in b.lookups) == MOST_READS + 2
    assert 0 < sum(c.reads for b in writer.batches for c in b.accesses) <= MOST_READS


def test_a_thread_that_counts_with_pauses_loses_nothing_and_counts_the_same() -> None:
    """What is noted during the pauses waits for the next time;
    one note of a batch is as many answers and reads as it has keys.
    """
    writer = MemoryWriter()
    recorder = quiet(writer)
    recorder.many_hits(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.001, ["dict:a", "dict:b", "dict:a"], [1, 2, 3])
    for _ in range(SLICE + 3):
        recorder.hit(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.002)
        recorder.access(Family.DICTIONARY, "dict:c", 4)
    recorder._flusher._tick()
    recorder.flush()
    (row,) = (r for b in writer.batches for r in b.lookups)
    assert (row.steps, row.answers, row.sum_s) == (SLICE + 6, SLICE + 6, pytest.approx(0.003 + 0.002 * (SLICE + 3)))
    (chunk,) = (c for b in writer.batches for c in b.accesses)
    found = unpacked(chunk.records)
    assert sorted(found["size"] - len("dict:a")) == [1, 2, 3] + [4] * (SLICE + 3)
    assert len(set(found["key"].tolist())) == 3


def test_a_paid_text_leaves_hashes_where_there_is_a_secret_and_nothing_elsewhere() -> None:
    """For near misses: one record for the text and one for each sentence, beside the reads."""
    found = []
    for secret in (b"k" * 32, b""):
        writer = MemoryWriter()
        recorder = BufferedRecorder(writer, flush_s=3600.0, access_key=secret)
        recorder.paid_text("One is. Two is.", Decimal("0.0004"))
        recorder.event("beside")
        assert recorder.flush()
        found.append([(c.family, c.reads) for b in writer.batches for c in b.accesses])
        recorder.close()
    assert found == [[("near", 3)], []]
