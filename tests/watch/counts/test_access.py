"""The access trace: the same keys in every process, at a pace that the store can keep for weeks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.access import MOST_MS, cost_code, packed, unpacked, usd_of
from prosepolish_core.model.outcome import Family
from prosepolish_core.watch.counts.access import MOST_IN_CHUNK, SMALLEST_RATE, AccessTrace, Read

WORDS, ANSWERS = Family.DICTIONARY, Family.LLM


def read(at: float, key: str, size: int = 400, family: Family = WORDS) -> Read:
    return (at, family, key, size, 0, None)


def test_every_read_is_followed_while_it_is_quiet() -> None:
    """At rest the share is 1; bytes are those of key and value."""
    trace = AccessTrace()
    (chunk,) = trace.chunks([read(1000.0 + n / 10, f"dict:w{n % 3}", 400 + n) for n in range(10)], 5.0)
    found = unpacked(chunk.records)
    assert (chunk.rate, chunk.family, chunk.reads, chunk.ts.timestamp()) == (1.0, "dict", 10, 1000.0)
    assert len(set(found["key"].tolist())) == 3
    assert found["ms"].tolist() == [100 * n for n in range(10)]
    assert found["size"].tolist() == [400 + n + len("dict:w0") for n in range(10)]


def test_a_value_that_was_not_kept_has_no_bytes() -> None:
    """Its key takes no room either."""
    (chunk,) = AccessTrace().chunks([read(0.0, "dict:long", 0)], 1.0)
    assert unpacked(chunk.records)["size"].tolist() == [0]


def test_two_processes_give_a_key_the_same_hash_and_a_secret_changes_it() -> None:
    """Hashes can be joined across processes, but only by those who share the key."""
    found = [
        unpacked(AccessTrace(secret).chunks([read(0.0, "dict:eloquent")], 1.0)[0].records)["key"][0] for secret in (b"", b"", b"x")
    ]
    assert found[0] == found[1] != found[2]


def test_chunks_are_few_and_full_and_what_waits_is_given_when_all_is_wanted() -> None:
    """A row of the store holds what fills a page, or what came in two and a half minutes."""
    trace = AccessTrace()
    assert trace.chunks([read(float(n), "dict:w") for n in range(149)], 149.0, whole=False) == []
    assert [c.reads for c in trace.chunks([read(151.0, "dict:w")], 2.0, whole=False)] == [150]
    assert [c.reads for c in trace.chunks([read(152.0, "dict:w")], 1.0)] == [1]
    assert trace.chunks([], 1.0) == []
    many = [read(0.0, "dict:w")] * (2 * MOST_IN_CHUNK + 3)
    assert [c.reads for c in trace.chunks(many, 1e6, whole=False)] == [MOST_IN_CHUNK] * 2
    assert [c.reads for c in trace.chunks([], 1.0)] == [3]


def test_the_share_of_a_busy_family_halves_alone_and_comes_back_after_an_hour() -> None:
    """A followed key is then followed every time; a burst of a moment changes nothing."""
    trace = AccessTrace()

    def second(busy: int) -> set[int]:
        reads = [*(read(0.0, f"dict:w{n % 500}") for n in range(busy)), read(0.0, "llm:x", family=ANSWERS)]
        chunks = trace.chunks(reads, 1.0)
        return {key for c in chunks if c.family == "dict" for key in unpacked(c.records)["key"].tolist()}

    second(1000)
    assert trace.rate(WORDS) == 1.0
    for _ in range(30):
        second(1000)
    assert SMALLEST_RATE < trace.rate(WORDS) < 1.0 == trace.rate(ANSWERS)
    before = trace.rate(WORDS)
    followed = second(500)
    assert 0 < len(followed) < 500
    assert all(key < before * 2**48 for key in followed)
    for _ in range(300):
        trace.chunks([], 60.0)
    assert trace.rate(WORDS) == 1.0


def test_rows_that_wait_are_thinned_with_the_share() -> None:
    """Every chunk has one share: all its keys lie under that threshold."""
    trace = AccessTrace()
    for n in range(40):
        trace.chunks([read(n / 100, f"dict:w{m}") for m in range(100)], 1.0, whole=False)
    (chunk,) = trace.chunks([], 1.0)
    assert chunk.rate < 1.0
    assert (unpacked(chunk.records)["key"] < chunk.rate * 2**48).all()


def test_any_text_is_hashed() -> None:
    """Even a lone surrogate does not raise."""
    assert len(AccessTrace().chunks([read(0.0, "dict:\ud800é")], 1.0)) == 1


ROW = st.tuples(
    st.integers(0, 2**64 - 1), st.floats(0, MOST_MS / 1000), st.integers(0, 65_535), st.integers(0, 9), st.integers(0, 65_535)
)


@given(st.lists(ROW, min_size=1, max_size=30))
def test_a_packed_read_tells_what_it_was_given(rows: list[tuple[int, float, int, int, int]]) -> None:
    """Key to 48 bits, instant to a millisecond, bytes, who answered; fourteen bytes each."""
    raw = packed(rows, 0.0)
    found = unpacked(raw)
    assert len(raw) == 14 * len(rows)
    assert found["key"].tolist() == [row[0] >> 16 for row in rows]
    assert np.abs(found["ms"] - [row[1] * 1000 for row in rows]).max() <= 0.5 + 1e-6
    assert [found["size"].tolist(), found["source"].tolist()] == [[row[2] for row in rows], [row[3] for row in rows]]


@given(st.floats(1e-7, 30))
def test_a_price_is_kept_to_two_hundredths_of_a_percent(usd: float) -> None:
    """And nothing stays nothing."""
    found = usd_of(cost_code(usd))
    assert found is not None
    assert abs(found / usd - 1) < 2e-4
    assert usd_of(cost_code(None)) is usd_of(cost_code(0.0)) is None
