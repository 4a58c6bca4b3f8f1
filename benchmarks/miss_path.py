"""What does a miss cost that PostgreSQL answers? Lease, query and fenced fill against the bare SELECT and SET.

The lookup does not wait for the reply to its fill. So that nothing hides there, the second table times the miss
together with the read that follows it, which hears that reply first.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable

import orjson
import psycopg
import redis

from benchmarks._rounds import interleaved, show
from benchmarks._stack import Everything, core, postgres, valkey
from prosepolish_core.live.words import Dictionary
from prosepolish_core.model.outcome import Tier


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.miss_path", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=300)
    arguments = parser.parse_args()
    with postgres() as database_url, valkey() as (_, url), core(url, database_url) as opened:
        dictionary = Dictionary(opened.cache_link, opened.words, (Everything(),), opened.recorder)
        client = redis.Redis.from_url(url)
        while dictionary.lookup("eloquent").tier is not Tier.POSTGRES:  # on a busy machine the first write may be late
            client.delete("dict:eloquent")
        with psycopg.connect(database_url, autocommit=True, prepare_threshold=0) as connection:

            def bare() -> object:
                if client.get("dict:eloquent") is not None:
                    raise AssertionError
                row = connection.execute("SELECT entry, source FROM dictionary_words WHERE word = %s", ("eloquent",)).fetchone()
                assert row is not None
                return client.set("dict:eloquent", orjson.dumps(row[0]), ex=3600)

            def bare_without_get() -> object:
                row = connection.execute("SELECT entry, source FROM dictionary_words WHERE word = %s", ("eloquent",)).fetchone()
                assert row is not None
                return client.set("dict:eloquent", orjson.dumps(row[0]), ex=3600)

            def then_a_hit(miss: Callable[[], object], hit: Callable[[], object]) -> Callable[[], object]:
                return lambda: (miss(), hit())

            def lookup() -> object:
                return dictionary.lookup("eloquent")

            forget = functools.partial(client.delete, "dict:eloquent")
            figures = interleaved(
                {
                    "SELECT + SET": bare_without_get,
                    "GET + SELECT + SET": bare,
                    "lookup, answered by PostgreSQL": lookup,
                },
                rounds=arguments.rounds,
                calls=arguments.calls,
                before=forget,
            )
            whole = interleaved(
                {
                    "SELECT + SET, then GET": then_a_hit(bare_without_get, lambda: client.get("dict:eloquent")),
                    "lookup, answered by PostgreSQL, then by Redis": then_a_hit(lookup, lookup),
                },
                rounds=arguments.rounds,
                calls=arguments.calls,
                before=forget,
            )
    print("a word that only PostgreSQL has, fill included:")
    show(figures, "SELECT + SET")
    print("the same and the read that follows, which waits for whatever of the fill is left:")
    show(whole, "SELECT + SET, then GET")


if __name__ == "__main__":
    main()
