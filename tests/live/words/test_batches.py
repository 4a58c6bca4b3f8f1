"""Many words at once over a real Valkey and a real PostgreSQL: order, every kind of value, round trips."""

import time
import zlib

import orjson
import pytest
import redis

from prosepolish_core.model.outcome import Outcome, Tier
from prosepolish_core.model.tier_replies import Fetched
from tests.support.words import Open, Remembers, api, entry

pytestmark = pytest.mark.live


def test_a_batch_keeps_order_and_duplicates_and_fails_word_by_word(open_dictionary: Open, recorder: Remembers) -> None:
    """Spellings of one word share an answer; a word that nobody could answer does not take the others with it."""
    tier3 = api("a", "b")
    tier3.knows = {**tier3.knows, "broken": Fetched(Outcome.ERROR, detail="502")}
    dictionary = open_dictionary(tier3)
    dictionary.lookup("b")
    found = dictionary.lookup_many(["zz", "a", "A", "broken", "b", "a"])
    assert list(found) == ["zz", "a", "A", "broken", "b"]
    assert [(f.outcome, f.tier) for f in found.values()] == [
        (Outcome.NEGATIVE_HIT, Tier.DICTIONARY_API),
        (Outcome.HIT, Tier.DICTIONARY_API),
        (Outcome.HIT, Tier.DICTIONARY_API),
        (Outcome.ERROR, None),
        (Outcome.HIT, Tier.REDIS),
    ]
    assert found["broken"].degraded
    assert sorted(tier3.asked) == ["a", "b", "broken", "zz"]


def test_a_batch_of_all_kinds_says_of_every_word_what_a_single_lookup_says(
    open_dictionary: Open, recorder: Remembers, valkey_url: str
) -> None:
    """Entries, absences, what was paid for, compressed, stale, early, unreadable and missing values, side by side."""
    words = ["plain", "absent", "paid", "long", "early", "stale", "broken", "short", "missing"]
    dictionary = open_dictionary(api(*(word for word in words if word != "absent")))
    dictionary.lookup_many(words)
    now = int(time.time() * 1000)

    def stored(body: bytes, created: int = now - 5000, fresh: int = now + 60_000, kind: bytes = b"j") -> bytes:
        return b"1V%b.%b%013d%013d%b" % (kind, b"." * 16 + b"0" * 13, created, fresh, body)

    plain = orjson.dumps({"entry": entry("x"), "source": "dictionary_api"})
    with redis.Redis.from_url(valkey_url) as client:
        client.set("dict:plain", stored(plain))
        client.set("dict:absent", stored(b'{"entry":null,"source":"dictionary_api"}'))
        client.set("dict:paid", stored(orjson.dumps({"entry": entry("x"), "source": "gemini", "paid": []})))
        client.set("dict:long", stored(zlib.compress(plain), kind=b"z"))
        client.set("dict:early", stored(plain, created=now + 50_000))  # by a process whose clock runs ahead
        client.set("dict:stale", stored(plain, fresh=now - 1))
        client.set("dict:broken", stored(b'{"entry":'))
        client.set("dict:short", b"1V")
        client.delete("dict:missing")
    recorder.events.clear()
    found = dictionary.lookup_many(words)
    assert list(found) == words
    hit, miss = (Outcome.HIT, Tier.REDIS), (Outcome.HIT, Tier.POSTGRES)
    assert {word: (answer.outcome, answer.tier) for word, answer in found.items()} == {
        "plain": hit,
        "absent": (Outcome.NEGATIVE_HIT, Tier.REDIS),
        "paid": hit,
        "long": hit,
        "early": hit,
        "stale": (Outcome.STALE_HIT, Tier.REDIS),
        "broken": miss,
        "short": miss,
        "missing": miss,
    }
    assert [word for word, answer in found.items() if answer.entry is None] == ["absent"]
    assert recorder.events["unreadable_value"] == 2
    assert found["early"].age_s == 0.0
    assert 5.0 <= (found["plain"].age_s or 0.0) < 60.0


def test_a_batch_is_one_round_trip_per_tier(open_dictionary: Open, valkey_url: str, database_url: str) -> None:
    """One MGET for the hits, one query for what is missing; a warm batch asks nothing else."""
    import psycopg

    words = [f"w{n}" for n in range(40)]
    dictionary = open_dictionary(api(*words))
    assert all(f.entry for f in dictionary.lookup_many(words).values())
    with redis.Redis.from_url(valkey_url) as client, psycopg.connect(database_url) as connection:
        client.delete(*[f"dict:{word}" for word in words[:20]])
        client.config_resetstat()
        found = dictionary.lookup_many(words)
        stats = client.info("commandstats")
        assert connection.execute("SELECT count(*) FROM dictionary_words").fetchone() == (40,)
    assert stats["cmdstat_mget"]["calls"] == 1
    assert (stats["cmdstat_set"]["calls"], stats["cmdstat_evalsha"]["calls"]) == (40, 20)  # a SET for a lease, and in each fill
    assert [f.tier for f in found.values()] == [Tier.POSTGRES] * 20 + [Tier.REDIS] * 20
