"""What does a miss cost that PostgreSQL answers? Lease, query and fenced fill against the bare SELECT and SET."""

from __future__ import annotations

import argparse

import orjson
import psycopg
import redis

from benchmarks._rounds import interleaved, show
from benchmarks._stack import Everything, core, postgres, valkey
from prosepolish_core.lookup import Dictionary


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.miss_path", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=300)
    arguments = parser.parse_args()
    with postgres() as database_url, valkey() as (_, url), core(url, database_url) as opened:
        dictionary = Dictionary(opened.cache_link, opened.words, (Everything(),), opened.recorder)
        dictionary.lookup("eloquent")
        client = redis.Redis.from_url(url)
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

            figures = interleaved(
                {
                    "SELECT + SET": bare_without_get,
                    "GET + SELECT + SET": bare,
                    "lookup, answered by PostgreSQL": lambda: dictionary.lookup("eloquent"),
                },
                rounds=arguments.rounds,
                calls=arguments.calls,
                before=lambda: client.delete("dict:eloquent"),
            )
    print("a word that only PostgreSQL has, fill included:")
    show(figures, "SELECT + SET")


if __name__ == "__main__":
    main()
