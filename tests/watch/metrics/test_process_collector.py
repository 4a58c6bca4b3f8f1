"""A service's own registry of prometheus_client tells what its core counted."""

from prometheus_client import CollectorRegistry

from prosepolish_core import Config, Core, Limit, PrometheusCollector
from prosepolish_core.model.tier_replies import WordRow
from tests.support.waiting import PATIENT
from tests.support.words import entry

#: Nothing listens there.
NOWHERE = {"DATABASE_URL": "postgresql://127.0.0.1:9/nowhere", "DICTIONARY_API_URL": "http://127.0.0.1:9"}


def test_counts_grow_from_scrape_to_scrape_while_the_store_is_away(valkey_url: str) -> None:
    """A scrape asks no server: what was noted a moment ago is told at once."""
    with Core.open(Config.from_env(NOWHERE | PATIENT | {"REDIS_URL": valkey_url})) as core:
        registry = CollectorRegistry()
        registry.register(PrometheusCollector(core.recorder))
        for denied in range(1, 4):
            while core.limiter.check("someone", [Limit(1, per_s=600, name="trial")]).allowed:
                continue
            assert registry.get_sample_value("prosepolish_events_total", {"event": "limit_denied"}) == denied
            assert registry.get_sample_value("prosepolish_limit_denied_total", {"limit": "trial"}) == denied
            assert registry.get_sample_value("prosepolish_limit_checked_total", {"limit": "trial"}) == denied + 1


def test_lookups_are_told_by_tier_and_outcome_with_their_times(valkey_url: str, database_url: str) -> None:
    """An answer of PostgreSQL's after a miss of Redis, then one of Redis'; the last bucket is all of them."""
    with Core.open(Config.from_env(NOWHERE | PATIENT | {"REDIS_URL": valkey_url, "DATABASE_URL": database_url})) as core:
        registry = CollectorRegistry()
        registry.register(PrometheusCollector(core.recorder))
        assert core.words.put("eloquent", WordRow(entry=entry("eloquent")), 5)
        assert [core.dictionary.lookup("eloquent").tier for _ in range(2)] == ["postgres", "redis"]

        def told(name: str, **labels: str) -> float | None:
            return registry.get_sample_value(f"prosepolish_{name}", {"family": "dict", **labels})

        assert told("answers_total", tier="postgres", outcome="hit") == 1.0
        assert told("answers_total", tier="redis", outcome="hit") == 1.0
        assert told("answers_total", tier="redis", outcome="miss") == 0.0
        assert told("tier_requests_total", tier="redis", outcome="miss") == 1.0
        assert told("tier_duration_seconds_bucket", tier="redis", le="+Inf") == 2.0
        assert told("tier_duration_seconds_count", tier="redis") == 2.0
