"""The access trace: the same keys in every process, at a pace one process may write."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.counts import AccessChunk
from prosepolish_core.model.outcome import Family
from prosepolish_core.watch.counts.access import BUSY_PER_S, MOST_IN_CHUNK, AccessTrace, joined

WORDS = Family.DICTIONARY
START = datetime(2026, 11, 1, tzinfo=UTC)


def test_every_read_is_followed_while_it_is_quiet() -> None:
    """At rest the share is 1 and each read is a triple of hash, offset and size."""
    trace = AccessTrace()
    (chunk,) = trace.chunks([(1000.0 + n / 10, WORDS, f"dict:w{n % 3}", 400 + n) for n in range(10)], 5.0)
    assert (chunk.rate, chunk.family, len(set(chunk.key_hashes))) == (1.0, "dict", 3)
    assert (chunk.offsets_ms[0], chunk.offsets_ms[-1]) == (0, 900)
    assert chunk.sizes == tuple(range(400, 410))


def test_two_processes_give_a_key_the_same_hash_and_a_secret_changes_it() -> None:
    """Hashes can be joined across processes, but only by those who share the key."""
    read = [(0.0, WORDS, "dict:eloquent", 1)]
    found = [AccessTrace(secret).chunks(read, 1.0)[0].key_hashes[0] for secret in (b"", b"", b"x" * 32)]
    assert found[0] == found[1] != found[2]


def test_the_share_halves_under_load_and_comes_back() -> None:
    """Fast reads halve the share of keys; a followed key is then followed every time; quiet restores it."""
    trace = AccessTrace()

    def burst(count: int) -> list[int]:
        chunks = trace.chunks([(0.0, WORDS, f"dict:w{n % 1000}", 1) for n in range(count)], 1.0)
        return [h for chunk in chunks for h in chunk.key_hashes]

    assert len(set(burst(BUSY_PER_S * 5))) == 1000
    assert trace.rate == 0.5
    followed = burst(4000)
    assert 0 < len(set(followed)) < 1000
    assert len(followed) == 4 * len(set(followed))
    for _ in range(12):
        burst(0)
    assert trace.rate == 1.0


def test_any_text_is_hashed() -> None:
    """Even a lone surrogate does not raise."""
    assert len(AccessTrace().chunks([(0.0, WORDS, "dict:\ud800é", 1)], 1.0)) == 1


@given(st.lists(st.tuples(st.sampled_from(["dict", "llm"]), st.sampled_from([1.0, 0.5]), st.integers(0, 200)), max_size=30))
def test_joined_chunks_tell_of_the_same_reads(given_chunks: list[tuple[str, float, int]]) -> None:
    """Family, share, instant, hash and size of every read are as before, in fewer chunks."""

    def reads(chunks: list[AccessChunk]) -> list[tuple[object, ...]]:
        return sorted(
            (c.family, c.rate, c.ts + timedelta(milliseconds=offset), h, size)
            for c in chunks
            for h, offset, size in zip(c.key_hashes, c.offsets_ms, c.sizes, strict=True)
        )

    chunks = [
        AccessChunk(START + timedelta(seconds=at), family, rate, (n, -n), (0, 250), (470, 480))
        for n, (family, rate, at) in enumerate(given_chunks)
    ]
    found = joined(chunks)
    assert reads(found) == reads(chunks)
    assert len(found) <= len(chunks)
    assert all(0 <= offset <= 60_250 and len(c.sizes) < MOST_IN_CHUNK + 5000 for c in found for offset in c.offsets_ms)
