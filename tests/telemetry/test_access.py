"""The access trace: the same keys in every process, at a pace one process may write."""

from prosepolish_core.model.outcome import Family
from prosepolish_core.telemetry.access import BUSY_PER_S, MOST_WAITING, AccessTrace


def test_every_read_is_followed_while_it_is_quiet() -> None:
    """At rest the share is 1 and each read is a triple of hash, offset and size."""
    trace = AccessTrace()
    for number in range(10):
        trace.offer(1000.0 + number / 10, Family.DICTIONARY, f"dict:w{number % 3}", 400 + number)
    (chunk,) = trace.take(5.0)
    assert (chunk.rate, chunk.family, len(set(chunk.key_hashes))) == (1.0, "dict", 3)
    assert chunk.offsets_ms[0] == 0
    assert chunk.sizes == tuple(range(400, 410))


def test_two_processes_give_a_key_the_same_hash_and_a_secret_changes_it() -> None:
    """Hashes can be joined across processes, but only by those who share the key."""
    found = []
    for secret in (b"", b"", b"x" * 32):
        trace = AccessTrace(secret)
        trace.offer(0.0, Family.DICTIONARY, "dict:eloquent", 1)
        found.append(trace.take(1.0)[0].key_hashes[0])
    assert found[0] == found[1] != found[2]


def test_the_share_halves_under_load_and_comes_back() -> None:
    """Fast reads halve the share of keys; a followed key is then followed every time; quiet restores it."""
    trace = AccessTrace()

    def burst(count: int) -> list[int]:
        for number in range(count):
            trace.offer(0.0, Family.DICTIONARY, f"dict:w{number % 1000}", 1)
        return [h for chunk in trace.take(1.0) for h in chunk.key_hashes]

    assert len(set(burst(BUSY_PER_S * 5))) == 1000
    assert trace.rate == 0.5
    followed = burst(4000)
    assert 0 < len(set(followed)) < 1000
    assert len(followed) == 4 * len(set(followed))
    for _ in range(12):
        burst(0)
    assert trace.rate == 1.0


def test_what_waits_is_bounded() -> None:
    """More reads than fit between two drains are refused, and the caller is told."""
    trace = AccessTrace()
    kept = [trace.offer(0.0, Family.DICTIONARY, "dict:a", 1) for _ in range(MOST_WAITING + 5)]
    assert kept.count(False) == 5
    assert len(trace.take(1.0)[0].sizes) == MOST_WAITING


def test_any_text_is_hashed() -> None:
    """Even a lone surrogate does not raise."""
    trace = AccessTrace()
    assert trace.offer(0.0, Family.DICTIONARY, "dict:\ud800é", 1)
    assert len(trace.take(1.0)) == 1
