"""The port WordStore, held on a real PostgreSQL and by the simulated store of the races."""

from collections.abc import Iterator
from typing import cast

import pytest

from benchmarks._simulated import Network, SimulatedPostgres
from benchmarks._world import World
from prosepolish_core.live.words.postgres_words import PostgresWords
from prosepolish_core.model.tier_replies import WordRow
from prosepolish_core.ports import WordStore
from tests.support.simulated import InWorld
from tests.support.words import entry


@pytest.fixture(params=[pytest.param("PostgreSQL", marks=pytest.mark.live), "simulated"])
def words(request: pytest.FixtureRequest) -> Iterator[WordStore]:
    if request.param == "simulated":
        world = World(1)
        yield cast("WordStore", InWorld(world, SimulatedPostgres(world, Network())))
        return
    made = PostgresWords(request.getfixturevalue("database_url"), size=2)
    yield made
    made.close()


def test_a_fill_whose_fence_was_passed_is_refused(words: WordStore) -> None:
    """Whether the word had a row when it was read or not."""
    before = words.get("a", 2)
    words.invalidate("a", 2)
    assert not words.put("a", before._replace(entry=entry("a", "old")), 2)
    assert not words.put_absence("a", before._replace(absences=1), 60, 2)
    now = words.get("a", 2)
    assert (now.entry, now.fence) == (None, 1)
    assert words.put("a", now._replace(entry=entry("a", "new")), 2)
    words.invalidate("a", 2)
    assert words.get("a", 2).entry is None


def test_an_absence_never_replaces_an_entry_and_an_entry_ends_an_absence(words: WordStore) -> None:
    """A 404 that arrives late does not hide a word that somebody else has found."""
    assert words.put_absence("a", WordRow(absences=2, judged=True), 60, 2)
    found = words.get("a", 2)
    assert (found.absent, found.absences, found.judged) == (True, 2, True)
    assert words.put("a", WordRow(entry=entry("a")), 2)
    assert not words.put_absence("a", WordRow(absences=3), 60, 2)
    found = words.get("a", 2)
    assert (found.absent, found.absences, found.judged, found.entry) == (False, 0, False, entry("a"))


def test_every_word_of_many_is_answered_once_in_order(words: WordStore) -> None:
    """Also those that nobody has ever asked for."""
    words.put("a", WordRow(entry=entry("a")), 2)
    found = words.get_many(["b", "a", "b", "c'; DROP TABLE dictionary_words --"], 2)
    assert list(found) == ["b", "a", "c'; DROP TABLE dictionary_words --"]
    assert found["a"].entry == entry("a")
    assert found["b"] == WordRow()
