"""What speaks of now: one rule by which pages and /metrics decide."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.freshness import INTERVALS, fresh, presences
from prosepolish_core.model.sample import Kind
from prosepolish_core.model.series import Pulse, Reading, SeriesKey

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AGES = st.floats(0, 5000)
EVERY = st.one_of(st.none(), st.floats(1, 600))
PULSES = st.builds(
    lambda source, age_s, outcome, every_s: Pulse("redis_info", source, NOW - timedelta(seconds=age_s), outcome, "", every_s),
    st.sampled_from("abcd"),
    AGES,
    st.sampled_from(["ok", "error", "timeout", "refused"]),
    EVERY,
)


@given(st.lists(PULSES, unique_by=lambda pulse: pulse.source), st.sets(st.sampled_from("abcdxyz")))
def test_every_target_stands_and_is_up_only_by_a_newest_info_that_was_answered_in_time(
    pulses: list[Pulse], targets: set[str]
) -> None:
    """Whatever was read: no target is missing,
    and none is up whose newest INFO failed or is over three intervals old.
    """
    found = presences(targets, pulses, NOW)
    assert targets <= found.keys() <= targets | {pulse.source for pulse in pulses}
    newest = {pulse.source: pulse for pulse in pulses}
    for source, presence in found.items():
        pulse = newest.get(source)
        late = pulse is None or (NOW - pulse.ts).total_seconds() > INTERVALS * (pulse.every_s or 60)
        assert presence.up == (pulse is not None and pulse.outcome == "ok" and not late)
        assert bool(presence.reason) != presence.up


@given(AGES, EVERY)
def test_a_value_speaks_of_now_for_three_intervals(age_s: float, every_s: float | None) -> None:
    """Not a moment longer, whatever the interval is."""
    reading = Reading(SeriesKey("a", "m"), Kind.GAUGE, "1", 1.0, NOW - timedelta(seconds=age_s), every_s)
    limit = timedelta(seconds=INTERVALS * (every_s or 60.0))
    assert bool(fresh([reading], NOW)) == (NOW - reading.ts <= limit)
