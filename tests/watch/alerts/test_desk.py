"""watch/alerts/desk.py and journal.py: few messages, each once, none lost, over restarts too."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prosepolish_core.model.alert import AlertChange
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import MOST_EVENTS, FiredAlert, Incident
from prosepolish_core.watch.alerts import journal
from prosepolish_core.watch.alerts.desk import GROUP_S, MOST_AT_ONCE, NOTHING, Desk
from prosepolish_core.watch.alerts.rule import Rule
from prosepolish_core.watch.alerts.rules import BY_NAME

T = 1_800_000_000.0
DOWN, FULL = "instance_down", "memory_full"


def change(rule: str, level: Level, at: float, instance: str = "cache") -> AlertChange:
    """A change of one alert, `at` seconds after the beginning."""
    return AlertChange(rule, (("instance", instance),), level, T + at, 1.0, T + at)


def tell(desk: Desk, now: float) -> list[tuple[str, Level]]:
    """Send what is due; the kinds and levels of what was sent."""
    found = desk.due(T + now)
    for message in found:
        desk.settle(message.key, (), None)
    return [(message.kind, message.level) for message in found]


def test_an_incident_is_told_when_it_begins_when_it_becomes_critical_and_when_it_is_over() -> None:
    """And not in between, however many alerts join it."""
    desk = Desk(BY_NAME)
    desk.take([change(FULL, Level.WARNING, 0)])
    assert tell(desk, GROUP_S) == [("opened", Level.WARNING)]
    desk.take([change("slow_log", Level.WARNING, 20)])
    assert tell(desk, 40) == []
    desk.take([change(FULL, Level.CRITICAL, 50)])
    assert tell(desk, 70) == [("worse", Level.CRITICAL)]
    desk.take([change(FULL, Level.OK, 80)])
    assert tell(desk, 100) == []
    desk.take([change("slow_log", Level.OK, 110)])
    assert tell(desk, 130) == [("resolved", Level.OK)]
    (incident,) = desk.incidents.values()
    assert (incident.began, incident.ended, len(incident.alerts)) == (T, T + 110, 2)


def test_an_alert_whose_condition_began_in_an_incident_joins_it_however_late_it_fires() -> None:
    """Held for half an hour, after the end: it is the same fault. One that began later is another."""
    desk = Desk(BY_NAME)
    desk.take([change(DOWN, Level.CRITICAL, 0)])
    desk.take([change(DOWN, Level.OK, 60)])
    desk.forget(T + 1860)
    late = AlertChange("hit_rate_dict_redis", (("family", "dict"), ("tier", "redis")), Level.WARNING, T + 1860, 0.5, T + 90)
    desk.take([late])
    assert [i.ended for i in desk.incidents.values()] == [None]
    desk.take([replace(late, level=Level.OK, at=T + 2000)])
    desk.take([replace(late, at=T + 4000, since=T + 3000)])
    assert len(desk.incidents) == 2


def test_what_becomes_critical_within_the_first_seconds_is_one_message() -> None:
    """The first message waits for what belongs to it."""
    desk = Desk(BY_NAME)
    desk.take([change(FULL, Level.WARNING, 0)])
    desk.take([change(DOWN, Level.CRITICAL, 5)])

    assert tell(desk, 5 + GROUP_S) == [("opened", Level.CRITICAL)]


def test_two_faults_at_once_are_two_incidents_and_many_are_one_digest() -> None:
    """Two servers down: two messages. A whole rack: one message that names every incident."""
    desk = Desk(BY_NAME)
    desk.take([change(DOWN, Level.CRITICAL, 0, "cache"), change(DOWN, Level.CRITICAL, 0, "state")])
    assert len(tell(desk, GROUP_S)) == 2
    many = Desk(BY_NAME)
    many.take([change(DOWN, Level.CRITICAL, 0, f"node-{i}") for i in range(MOST_AT_ONCE + 5)])
    (digest,) = many.due(T + GROUP_S)
    assert (digest.kind, len(digest.incidents)) == ("digest", MOST_AT_ONCE + 5)


def test_a_muted_alert_is_kept_and_not_told() -> None:
    """The incident exists, with its alert; nobody is woken, neither at its beginning nor at its end."""
    desk = Desk(BY_NAME)
    desk.take([change(FULL, Level.CRITICAL, 0)], Muted())
    desk.take([change(FULL, Level.OK, 60)], Muted())

    (incident,) = desk.incidents.values()
    assert tell(desk, 100) == []
    assert [(e.kind, e.text) for e in incident.events] == [
        ("fired", ""),
        ("muted", "at work"),
        ("resolved", ""),
        ("ended", ""),
    ]


def test_what_still_goes_on_when_a_silence_ends_is_told_then() -> None:
    """Once; what is over by then is not told at all, and good news of the night waits for the morning."""
    desk = Desk(BY_NAME)
    desk.take([change(FULL, Level.CRITICAL, 0)], Muted())
    assert desk.recheck(T + 50, Muted()) == []
    assert [i.told for i in desk.recheck(T + 60, NOTHING)] == [1]
    assert desk.recheck(T + 65, NOTHING) == []
    assert tell(desk, 60 + GROUP_S) == [("opened", Level.CRITICAL)]
    desk.take([change(FULL, Level.OK, 100)], Muted())
    desk.forget(T + 5000)
    assert tell(desk, 5000) == []
    desk.recheck(T + 6000, NOTHING)
    assert tell(desk, 6000 + GROUP_S) == [("resolved", Level.OK)]


def test_the_course_tells_changes_of_level_and_who_took_each_message() -> None:
    """A channel that fails again for the same reason is noted once."""
    desk = Desk(BY_NAME)
    desk.take([change(FULL, Level.WARNING, 0)])
    desk.take([change(FULL, Level.CRITICAL, 5)])
    desk.take([change(FULL, Level.WARNING, 8)])
    (message,) = desk.due(T + 10)
    for at in (10, 20):
        desk.settle(message.key, (), T + at + 10, failures={"webhook": "it answered 503"}, now=T + at)
    desk.settle(message.key, ("webhook",), None, now=T + 30)
    (incident,) = desk.incidents.values()

    assert [(e.kind, e.at - T, e.text) for e in incident.events] == [
        ("fired", 0, ""),
        ("worse", 5, ""),
        ("better", 8, ""),
        ("not_told", 10, "webhook: it answered 503"),
        ("told", 30, "webhook: an incident began"),
    ]


def test_an_incident_that_flaps_for_days_keeps_its_beginning_and_its_end() -> None:
    """The file of the collectors does not grow without end."""
    desk = Desk(BY_NAME)
    for n in range(MOST_EVENTS):
        desk.take([change(FULL, Level.WARNING if n % 2 == 0 else Level.OK, float(n))])
    (incident,) = desk.incidents.values()

    assert len(incident.events) == MOST_EVENTS
    assert (incident.events[0].kind, incident.events[-1].kind) == ("fired", "ended")


def test_a_message_that_failed_is_sent_again_under_the_same_key_and_says_so() -> None:
    """A receiver can tell a repetition by the key; one whose reply was lost is marked."""
    desk = Desk(BY_NAME)
    desk.take([change(DOWN, Level.CRITICAL, 0)])
    (first,) = desk.due(T + GROUP_S)
    desk.begin(first.key)
    desk.settle(first.key, ("mail",), T + 60, maybe_told=True)

    assert desk.due(T + 59) == []
    (again,) = desk.due(T + 60)
    assert (again.key, again.attempts, again.maybe_told, again.told_by) == (first.key, 1, True, ("mail",))


class Muted:
    """Nobody wants to hear of anything."""

    def of_alert(self, _rule: Rule, _alert: FiredAlert) -> str:
        """The reason."""
        return "at work"

    def of_end(self, _level: Level) -> str:
        """The reason."""
        return "at night"


rules = st.sampled_from([DOWN, FULL, "slow_log", "hit_rate_dict_redis"])
steps = st.lists(
    st.tuples(rules, st.sampled_from(["cache", "state"]), st.sampled_from(list(Level)), st.integers(0, 400)), max_size=40
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(steps)
def test_whatever_happens_each_incident_that_was_told_is_told_to_be_over_exactly_once(tmp_path: Path, given_: list) -> None:  # type: ignore[type-arg]
    """The desk is killed and read back from its journal before every step; messages go out whenever they are due."""
    path, told, now = tmp_path / "journal.json", [], 0.0
    path.unlink(missing_ok=True)
    known: dict[tuple[str, str], Level] = {}

    def step(changes: list[AlertChange]) -> None:
        desk = Desk(BY_NAME)
        journal.load(path, desk)
        desk.take(changes)
        for message in desk.due(T + now):
            told.append(message)
            desk.settle(message.key, (), None)
        ended.update({i.id: i for i in desk.incidents.values()})
        journal.save(path, desk)

    ended: dict[str, Incident] = {}
    for rule, instance, level, wait in given_:
        now += wait
        if rule not in BY_NAME or level is Level.UNKNOWN or known.get((rule, instance), Level.OK) is level:
            continue
        known[rule, instance] = level
        step([change(rule, level, now, instance)])
    for (rule, instance), level in known.items():
        if level is not Level.OK:
            now += 1
            step([change(rule, Level.OK, now, instance)])
    now += 2 * GROUP_S
    step([])

    assert all(i.ended is not None for i in ended.values())
    assert len({m.key for m in told}) == len(told)
    for incident in ended.values():
        kinds = [m.kind for m in told if incident.id in m.incidents and m.kind != "digest"]
        digests = sum(incident.id in m.incidents for m in told if m.kind == "digest")
        assert kinds.count("opened") <= kinds.count("resolved") + digests


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 0}', b'{"version": 1, "incidents": [{}], "outbox": []}'])
def test_a_journal_that_cannot_be_read_is_set_aside(tmp_path: Path, content: bytes) -> None:
    """The desk begins empty, the file is kept for whoever looks into it."""
    path, desk = tmp_path / "journal.json", Desk(BY_NAME)
    path.write_bytes(content)
    journal.load(path, desk)

    assert desk.incidents == {}
    assert path.with_suffix(".unreadable").read_bytes() == content
