"""What each server uses, keeps and throws away; what is not told is not zero."""

from dashboard.views import memory
from prosepolish_core.calc import numbers
from prosepolish_core.model.health import Level
from tests.dashboard.rows import WINDOW, Samples, gauge, grown

MB = 1024.0**2


def view_of(policy: str = "allkeys-lru", **gauges: float) -> memory.ServerMemory:
    """One cache with these newest readings."""
    values = {"used_memory": 200 * MB, "maxmemory": 256 * MB, "used_memory_rss": 210 * MB} | gauges
    samples = Samples([gauge(metric, value) for metric, value in values.items()], states={"cache": {"maxmemory_policy": policy}})
    return memory.build(samples, WINDOW).instances[0]


def test_no_limit_is_told_as_no_limit() -> None:
    """A maxmemory of 0 means without limit, not full and not empty."""
    instance = view_of(maxmemory=0.0, total_system_memory=8192 * MB)

    assert instance.limit is None
    assert instance.share is None


def test_a_limit_that_is_not_told_is_unknown() -> None:
    """A service that hides maxmemory is not one without a limit."""
    samples = Samples([gauge("used_memory", 200 * MB)])
    (instance,) = memory.build(samples, WINDOW).instances

    assert memory.told_limit(instance.limit) == "limit unknown"


def test_a_number_that_is_not_told_is_shown_as_unknown() -> None:
    """Nothing is known of what it uses: no zero."""
    (instance,) = memory.build(Samples([gauge("maxmemory", MB)], outcomes={"cache": ("ok", "")}), WINDOW, ["cache"]).instances

    assert numbers.size(instance.used) == "–"


def test_a_target_that_never_answered_is_there_and_down() -> None:
    """From the first second on, with the reason; so is one whose newest INFO failed, whatever was read before."""
    samples = Samples([gauge("used_memory", MB)], outcomes={"cache": ("refused", "connect=max_clients")})
    cache, other = memory.build(samples, WINDOW, ["cache", "other"]).instances

    assert [v.level for server in (cache, other) for v in server.verdicts] == [Level.CRITICAL, Level.CRITICAL]
    assert "max_clients" in cache.verdicts[0].reason
    assert "never read" in other.verdicts[0].reason


def test_evictions_and_expirations_are_increases_over_the_window() -> None:
    """They are counted per server from reset-safe increases."""
    samples = Samples(
        [gauge("used_memory", MB)], [grown("evicted_keys", 7), grown("expired_keys", 40), grown("evicted_keys", 9, "state")]
    )

    (instance,) = memory.build(samples, WINDOW).instances

    assert (instance.evicted, instance.expired) == (7, 40)


def test_an_empty_store_has_no_instances() -> None:
    """Nothing sampled: nothing judged."""
    assert memory.build(Samples(), WINDOW).instances == ()


def test_each_server_has_the_age_of_its_own_readings_and_the_page_that_of_the_oldest() -> None:
    """A server that is not read any more does not hide behind one that is."""
    old = Samples([gauge("used_memory", 5 * MB), gauge("used_memory", 9 * MB, "state")], ages={"cache": 420.0})
    view = memory.build(old, WINDOW, ("cache", "state"))
    cache, state = view.instances

    assert (cache.trust.newest_age_s, state.trust.newest_age_s) == (420.0, 20.0)
    assert (cache.trust.stale, state.trust.stale) == (True, False)
    assert (view.oldest.newest_age_s, view.oldest.source) == (420.0, "Redis INFO (cache)")
    assert (numbers.size(cache.used), cache.last_used) == (numbers.NONE, 5 * MB)


def test_nothing_is_called_well_of_a_server_that_does_not_answer() -> None:
    """Its last reading may be seconds old; it says nothing about now."""
    samples = Samples([gauge("used_memory", 5 * MB)], outcomes={"cache": ("error", "refused")})
    (cache,) = memory.build(samples, WINDOW, ("cache",)).instances

    assert {verdict.level for verdict in cache.verdicts} == {Level.CRITICAL}
