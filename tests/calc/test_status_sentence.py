"""The sentence on the first line of every page: what, since when, what users get; never better than what is known."""

from dataclasses import replace
from datetime import UTC, datetime

from prosepolish_core.calc.status_sentence import clock, status_line
from prosepolish_core.model.health import Level
from prosepolish_core.model.standing import LABELS, Effect, OpenIncident, Standing, Standings, State, Trouble

NOW = datetime(2026, 11, 27, 3, 26, tzinfo=UTC).timestamp()
WELL = {name: Standing(name, State.UP, "It answers.", "", NOW - 3600, NOW, NOW) for name in LABELS}


def line(*changed: Standing) -> tuple[Level, str]:
    """The sentence, where these do not stand well."""
    found = status_line(Standings.of(WELL | {standing.name: standing for standing in changed}, NOW), NOW)
    return found.level, found.text


def fault(name: str, state: State = State.DOWN, effect: Effect | None = None, ago: float = 420.0) -> Standing:
    """One that is amiss."""
    return replace(WELL[name], state=state, reason="It refuses writes.", since=NOW - ago, effect=effect)


def test_one_fault_is_told_with_its_time_and_its_effect() -> None:
    """Who answers instead, how much longer it takes, what was lost."""
    told = line(fault("redis", effect=Effect(1000, 0, "postgres", 0.002)))
    assert told == (
        Level.CRITICAL,
        "Redis (cache) down since 03:19 UTC (7 min): lookups answered by PostgreSQL, +2.00 ms, nothing lost",
    )


def test_several_faults_are_told_worst_first_and_their_common_loss_once() -> None:
    """Required before others, down before degraded."""
    effect = Effect(200, 20)
    level, told = line(fault("gemini", effect=effect), fault("state", State.DEGRADED), fault("postgres", effect=effect))
    assert level is Level.CRITICAL
    assert [part.split(" since")[0] for part in told.split(" · ")] == ["PostgreSQL down", "Gemini down", "Redis (state) degraded"]
    assert told.count("20 of 200 calls unanswered in the last minute (10.0 %)") == 1
    assert told.endswith("Redis (state) degraded since 03:19 UTC (7 min): It refuses writes")


def test_where_nothing_was_counted_the_loss_is_told_in_general() -> None:
    """And not as nothing lost."""
    assert line(fault("postgres"))[1].endswith("what Redis lacks goes to the APIs; log-ins and changes of profiles fail")


def test_what_is_not_known_is_not_called_well() -> None:
    """Nor is it a fault."""
    unknown = replace(WELL["collectors"], state=State.UNKNOWN)
    assert line(unknown) == (Level.UNKNOWN, "Nothing is known to be amiss; not known: Collectors")
    assert line(unknown, fault("redis"))[1].endswith(" · Not known: Collectors")


def test_all_well_says_since_when_and_what_was_before() -> None:
    """A fault that is over leaves a trace for a day."""
    mended = replace(WELL["redis"], since=NOW - 60, past=Trouble(NOW - 480, NOW - 60, State.DOWN, "Away."))
    assert line() == (Level.OK, "All well since 02:26 UTC")
    assert line(mended) == (Level.OK, "All well since 03:25 UTC; before that Redis (cache) was down for 7 min")
    assert line(replace(mended, past=Trouble(NOW - 90_000, NOW - 89_000, State.DOWN, "")))[1] == "All well since 03:25 UTC"


def test_an_incident_that_no_standing_tells_of_is_not_called_well() -> None:
    """Everything answers, and the cache was flushed: the line says so; a fault that is down comes first."""
    flushed = OpenIncident("1-redis", "redis", Level.WARNING, NOW - 420, "Flush of cache: every key was removed")
    silent = OpenIncident("1-state", "state", Level.CRITICAL, NOW - 60, "")
    found = status_line(Standings.of(WELL, NOW, [silent, flushed]), NOW)
    assert (found.level, found.text) == (Level.WARNING, "Flush of cache: every key was removed, since 03:19 UTC (7 min)")
    assert found.parts[0].incident == "1-redis"
    down = replace(fault("postgres"), incident="2-postgres")
    told = status_line(Standings.of(WELL | {"postgres": down}, NOW, [flushed, flushed._replace(id="2-postgres")]), NOW)
    assert [part.incident for part in told.parts] == ["2-postgres", "1-redis"]


def test_another_day_is_told_with_its_date() -> None:
    """Half past two of which night?"""
    assert clock(NOW - 86_400, NOW) == "2026-11-26 03:26 UTC"
