"""Hit rates come from the core's own counts, per tier and family, with failures apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.sections.miss_causes import sentence
from dashboard.views import counts, hit_rate
from prosepolish_core.model.outcome import Outcome, Tier
from tests.dashboard.rows import WINDOW, Samples, Telemetry, asked, grown


def test_found_unknown_and_stale_are_hits_and_failures_are_neither() -> None:
    """A tier that knows there is no such word has answered; one that timed out has not missed."""
    rows = [asked("redis", "hit", 80), asked("redis", "negative_hit", 10), asked("redis", "miss", 10), asked("redis", "timeout", 7)]

    (rate,) = hit_rate.build(Samples(), Telemetry(rows), WINDOW).rates

    assert (rate.hits, rate.misses, rate.failures) == (90, 10, 7)
    assert rate.ratio == pytest.approx(0.9)
    assert rate.low < 0.9 < rate.high


def test_each_family_and_cache_tier_has_its_own_row_and_paying_tiers_have_none() -> None:
    """Asking Gemini is never a cache hit."""
    rows = [
        asked("redis", "hit", 1),
        asked("redis", "hit", 1, family="llm"),
        asked("postgres", "miss", 1),
        asked("gemini", "hit", 5),
    ]

    found = hit_rate.build(Samples(), Telemetry(rows), WINDOW).rates

    assert [(r.family, r.tier) for r in found] == [("dict", "redis"), ("dict", "postgres"), ("llm", "redis")]


def test_too_few_lookups_are_not_judged() -> None:
    """Below the guard a rate is shown, but neither good nor bad."""
    few = hit_rate.build(Samples(), Telemetry([asked("redis", "miss", 50)]), WINDOW).rates[0]
    many = hit_rate.build(Samples(), Telemetry([asked("redis", "miss", 500)]), WINDOW).rates[0]

    assert few.good is None
    assert many.good is False


def test_the_servers_rate_stands_apart() -> None:
    """The keyspace hit rate of each server is computed from its own counters and changes none of ours."""
    samples = Samples(increase_rows=[grown("keyspace_hits", 30), grown("keyspace_misses", 10), grown("keyspace_hits", 5, "state")])

    view = hit_rate.build(samples, Telemetry([asked("redis", "miss", 10)]), WINDOW)

    assert {s.source: s.ratio for s in view.server} == {"cache": 0.75, "state": 1.0}
    assert view.rates[0].ratio == 0.0


def test_our_own_lookups_are_left_out_of_the_servers_rate() -> None:
    """What the ledger says our collectors caused is subtracted from the server's hits and misses, and told."""
    rows = [
        grown(m, by)
        for m, by in (("keyspace_hits", 1090), ("keyspace_misses", 11), ("collector_hits", 1000), ("collector_misses", 1))
    ]

    (server,) = hit_rate.build(Samples(increase_rows=rows), Telemetry(), WINDOW).server

    assert (server.hits, server.misses, server.ours, server.ratio) == (90, 10, 1001, 0.9)


def test_an_empty_store_gives_an_empty_view() -> None:
    """Nothing counted: no rates, no lines, and a trust line that says so."""
    view = hit_rate.build(Samples(), Telemetry(), WINDOW)

    assert view.rates == view.lines == ()
    assert view.trust.newest_age_s is None


def test_a_bucket_in_which_nothing_was_asked_is_a_gap_not_a_zero() -> None:
    """No lookups is not a hit rate of 0 %."""
    rows = [asked("redis", "hit", 5, ago=120), asked("redis", "hit", 5, ago=110), asked("redis", "miss", 5, ago=60)]

    (line,) = hit_rate.build(Samples(), Telemetry(rows), WINDOW).lines

    assert np.isnan(line.ratio).any()
    assert set(line.ratio[~np.isnan(line.ratio)]) == {0.0, 1.0}


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(list(Tier)), st.sampled_from(list(Outcome)), st.integers(0, 10**6), st.integers(1, 800)),
        max_size=40,
    )
)
def test_every_step_is_counted_exactly_once(rows: list[tuple[Tier, Outcome, int, int]]) -> None:
    """Hits, misses and failures together are all steps, whatever the rows."""
    found = counts.frame([asked(tier, outcome, steps, ago=ago) for tier, outcome, steps, ago in rows])

    assert int(found[["hits", "misses", "failures"]].to_numpy().sum()) == sum(steps for _, _, steps, _ in rows)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["hit", "miss"]), st.integers(1, 1000), st.integers(1, 890)), min_size=1, max_size=30))
def test_rates_and_intervals_stay_between_0_and_1(rows: list[tuple[str, int, int]]) -> None:
    """It holds that low ≤ ratio ≤ high, for the window and for every bucket."""
    view = hit_rate.build(Samples(), Telemetry([asked("redis", o, n, ago=ago) for o, n, ago in rows]), WINDOW)

    for low, ratio, high in [(r.low, r.ratio, r.high) for r in view.rates]:
        assert 0 <= low <= ratio <= high <= 1
    for line in view.lines:
        known = ~np.isnan(line.ratio)
        assert ((line.low <= line.ratio) & (line.ratio <= line.high))[known].all()


def test_a_tier_whose_calls_fail_is_not_good_however_it_answers_the_rest() -> None:
    """94 % of what was answered, while half of all calls failed: the rate is not better for it, and both are told."""
    rows = [asked("redis", "hit", 470), asked("redis", "miss", 30), asked("redis", "error", 500)]

    (rate,) = hit_rate.build(Samples(), Telemetry(rows), WINDOW).rates

    assert (rate.ratio, rate.failing, rate.good) == (0.94, 0.5, False)
    assert hit_rate.told(rate) == "of answered; 50.0 % failed"


def test_misses_are_sorted_by_what_postgresql_said() -> None:
    """Of 100 lookups 40 missed: 4 waited, 21 had been there, 12 were new, 3 could not be asked."""
    rows = [
        asked("redis", "hit", 60),
        asked("redis", "miss", 36),
        asked("redis", "coalesced", 4),
        asked("postgres", "hit", 21),
        asked("postgres", "miss", 12),
        asked("postgres", "error", 3),
    ]

    found = hit_rate.build(Samples(), Telemetry(rows), WINDOW).causes

    assert (found.asked, found.gone, found.new, found.waited, found.unasked) == (100, 21, 12, 4, 3)
    assert (found.expired, found.evicted) == (0, 0)


def test_the_change_is_told_with_its_parts_the_largest_first() -> None:
    """What changed too little to be seen is left out."""
    told = sentence(-0.041, {"expired": 0.029, "new": 0.012, "waited": 0.0001}, "the same time a week before")

    assert told == (
        "**−4.1 points** against the same time a week before: misses by cause expired +2.9, new or invalidated words +1.2."
    )
    assert "as it was" in sentence(0.0001, {"new": 0.3, "expired": -0.3}, "a week before")
