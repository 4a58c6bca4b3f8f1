"""`/metrics` from recorded readings, read back by Prometheus' own parser."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from prosepolish_core import Config, Core
from prosepolish_core.model.counts import LatencyBuckets, LedgerTotal, LookupCounts
from prosepolish_core.model.incident import ChannelState
from prosepolish_core.model.sample import Kind, Labels, Sample
from prosepolish_core.model.series import Pulse, Reading, SeriesKey
from prosepolish_core.watch.metrics.render import Exposition, render
from prosepolish_core.watch.metrics.totals import CoreTotals
from prosepolish_core.watch.redis_info.info_reply import read_info
from prosepolish_core.watch.redis_info.latency import read_histogram
from tests.watch.redis_info.recorded import SERVERS, reply

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def readings(samples: tuple[Sample, ...], source: str = "cache", age_s: float = 5) -> list[Reading]:
    """Samples as the store gives them back."""
    at = NOW - timedelta(seconds=age_s)
    return [Reading(SeriesKey(source, s.metric, s.labels), s.kind, s.unit, s.value, at) for s in samples]


def up(source: str = "cache", outcome: str = "ok", age_s: float = 5) -> Pulse:
    """The newest INFO of an instance that is read every ten seconds."""
    return Pulse("redis_info", source, NOW - timedelta(seconds=age_s), outcome, "", 10.0)


def parsed(text: str) -> dict[tuple[str, Labels], float]:
    """Every sample by name and labels; the parser refuses what is no Prometheus text."""
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


@pytest.mark.parametrize("server", SERVERS)
def test_a_recorded_server_is_valid_text_under_the_exporters_names(server: str) -> None:
    """Every version's readings parse, and the names boards ask for are there with the values INFO gave."""
    info = read_info(reply(server, "info"))
    found = parsed(render(readings(info.samples), {"cache": info.state}, now=NOW, pulses=[up()]))
    value = {s.metric: s.value for s in info.samples if not s.labels}
    cache = (("instance", "cache"),)
    assert found["redis_up", cache] == 1.0
    assert found["redis_memory_used_bytes", cache] == value["used_memory"]
    assert found["redis_keyspace_hits_total", cache] == value["keyspace_hits"]
    assert found["redis_db_keys", (("db", "db0"), ("instance", "cache"))] == 202.0
    assert found["redis_commands_total", (("cmd", "get"), ("instance", "cache"))] == 401.0
    assert found["redis_errors_total", (("err", "WRONGTYPE"), ("instance", "cache"))] == 1.0
    assert found["redis_connected_slaves", cache] == 1.0
    assert not any(name == "redis_db_keys_cached" for name, _ in found)


def test_valkey_is_named_by_its_own_version() -> None:
    """The instance's labels hold Valkey's version and mode, which the exporter gets wrong and leaves empty."""
    info = read_info(reply("valkey-9.1", "info"))
    (labels,) = [
        dict(labels)
        for name, labels in parsed(render(readings(info.samples), {"cache": info.state}, now=NOW, pulses=[up()]))
        if name == "redis_instance_info"
    ]
    assert (labels["redis_version"], labels["redis_mode"], labels["server"]) == ("9.1.2", "standalone", "valkey")


def test_a_replica_names_its_primary() -> None:
    """Link and offset carry the primary's address; the link is 1 only when it is up."""
    info = read_info(reply("redis-7.0", "info", "replica"))
    found = parsed(render(readings(info.samples), {"cache": info.state}, now=NOW, pulses=[up()]))
    link = [(dict(labels), value) for (name, labels), value in found.items() if name == "redis_master_link_up"]
    assert link[0][1] == float(info.state["master_link_status"] == "up")
    assert link[0][0]["master_port"] == info.state["master_port"]
    assert any(name == "redis_slave_info" for name, _ in found)


@pytest.mark.parametrize(
    ("age_s", "every_s", "shown"), [(29, 10.0, True), (31, 10.0, False), (500, 300.0, True), (179, None, True)]
)
def test_a_value_older_than_three_intervals_is_not_exposed(age_s: float, every_s: float | None, shown: bool) -> None:
    """Each by the interval of its own collector; what was read once only stays for three minutes."""
    at = NOW - timedelta(seconds=age_s)
    reading = Reading(SeriesKey("cache", "used_memory"), Kind.GAUGE, "bytes", 7.0, at, every_s)
    found = parsed(render([reading], {"cache": {"server": "redis"}}, now=NOW, pulses=[up()]))
    assert (("redis_memory_used_bytes", (("instance", "cache"),)) in found) is shown


@pytest.mark.parametrize(
    ("pulses", "value"),
    [
        ([], 0.0),
        ([up()], 1.0),
        ([up(outcome="timeout")], 0.0),
        ([up(outcome="error")], 0.0),
        ([up(age_s=31)], 0.0),
    ],
)
def test_up_is_the_outcome_of_the_newest_info(pulses: list[Pulse], value: float) -> None:
    """A configured target is there from the first second,
    and down as soon as its newest INFO failed or is three intervals old.
    """
    hidden = Reading(SeriesKey("cache", "used_memory"), Kind.GAUGE, "bytes", 7.0, NOW, 10.0)  # it hides its uptime, and is up
    found = parsed(render([hidden], {"cache": {}}, now=NOW, targets=["cache"], pulses=pulses))
    assert found["redis_up", (("instance", "cache"),)] == value


def test_histograms_and_summaries_are_complete() -> None:
    """Latency buckets end in +Inf and equal their count; the lifetime summary has sum and count."""
    samples = read_histogram(reply("valkey-9.1", "latency_histogram")) + read_info(reply("valkey-9.1", "info")).samples
    state = read_info(reply("valkey-9.1", "info")).state
    found = parsed(render(readings(samples), {"cache": state}, now=NOW, pulses=[up()]))
    get = (("cmd", "get"), ("instance", "cache"))
    name = "redis_commands_latencies_usec"
    assert found[f"{name}_bucket", tuple(sorted((*get, ("le", "+Inf"))))] == found[f"{name}_count", get] > 0
    assert found["redis_latency_percentiles_usec_count", get] == 401.0


def test_our_own_readings_are_in_base_units() -> None:
    """Counters end in `_total`, microseconds become seconds, the source is the instance."""
    samples = (
        Sample("collector_server_usec", 2_500_000.0, Kind.COUNTER, "microseconds"),
        Sample("census_bytes", 7.0, Kind.GAUGE, "bytes", (("family", "dict"), ("stat", "low"))),
        Sample("postgres_connections", 3.0, Kind.GAUGE, "1", (("state", "idle"),)),
    )
    found = parsed(render(readings(samples, "postgres"), {}, now=NOW))
    assert found["prosepolish_collector_server_seconds_total", (("instance", "postgres"),)] == 2.5
    assert found["prosepolish_census_bytes", (("family", "dict"), ("instance", "postgres"), ("stat", "low"))] == 7.0
    assert found["prosepolish_postgres_connections", (("instance", "postgres"), ("state", "idle"))] == 3.0


def test_cluster_and_sentinel_have_the_exporters_names() -> None:
    """What a node says of its cluster and a sentinel of its primaries; what the exporter has no name for is ours."""
    samples = (
        Sample("cluster_state", 1.0),
        Sample("cluster_stats_messages_sent", 9.0, Kind.COUNTER),
        Sample("cluster_node_up", 0.0, labels=(("node", "10.0.0.1:6379"), ("role", "primary"))),
        Sample("sentinel_masters", 1.0),
        Sample("sentinel_primary_replicas", 2.0, labels=(("primary", "words"),)),
        Sample("sentinel_primary_ok", 1.0, labels=(("primary", "words"),)),
    )
    found = parsed(render(readings(samples), {"cache": {"server": "redis"}}, now=NOW, pulses=[up()]))
    assert found["redis_cluster_state", (("instance", "cache"),)] == 1.0
    assert found["redis_cluster_messages_sent_total", (("instance", "cache"),)] == 9.0
    assert found["prosepolish_cluster_node_up", (("instance", "cache"), ("node", "10.0.0.1:6379"), ("role", "primary"))] == 0.0
    assert found["redis_sentinel_masters", (("instance", "cache"),)] == 1.0
    assert found["redis_sentinel_master_slaves", (("instance", "cache"), ("master_name", "words"))] == 2.0
    assert found["prosepolish_sentinel_primary_ok", (("instance", "cache"), ("primary", "words"))] == 1.0


@given(st.text(max_size=30), st.text(max_size=30), st.floats(allow_nan=False))
def test_any_label_and_any_value_survive(command: str, source: str, value: float) -> None:
    """Quotes, backslashes and line ends in labels come back as they were, and values are exact."""
    command, source = command.replace("\r", ""), source.replace("\r", "")
    sample = Sample("cmdstat_calls", value, Kind.COUNTER, "1", (("cmd", command),))
    found = parsed(render(readings((sample,), source), {source: {"server": "redis"}}, now=NOW, pulses=[up(source)]))
    assert found["redis_commands_total", (("cmd", command), ("instance", source))] == value


class Counts:
    """A telemetry reader that gives the same counts for every window it is asked for."""

    def lookups(self, window: Any, points: int) -> list[LookupCounts]:
        """One hit."""
        return [LookupCounts(window.start, "dict", "redis", "hit", 3, 2, 0.5)]

    def latency(self, window: Any, points: int) -> list[LatencyBuckets]:
        """Two calls."""
        return [LatencyBuckets("dict", "redis", window.start, (0.001, float("inf")), (1, 2), 0.25)]

    def ledger(self, window: Any, points: int) -> list[LedgerTotal]:
        """One paid call."""
        return [
            LedgerTotal(
                window.start, "paid", "m", 1, 0, 10, 0, 5, 0, Decimal("0.01"), 1.0, then_usd=Decimal("0.03"), then_unpriced=1
            )
        ]

    def events(self, window: Any) -> Mapping[str, int]:
        """One event."""
        return {"lease_lost": 4}


LEDGER = (("kind", "paid"), ("line", "answer"), ("model", "m"), ("provenance", "live"), ("task", "correct"))


def test_counts_of_the_core_only_grow_and_each_window_counts_once() -> None:
    """Two scrapes ten seconds apart add two windows; a third at the same time adds nothing."""
    totals = CoreTotals(Counts(), NOW - timedelta(minutes=5))  # type: ignore[arg-type]
    first = parsed(render((), {}, totals.read(NOW), NOW))
    labels = (("family", "dict"), ("outcome", "hit"), ("tier", "redis"))
    assert first["prosepolish_tier_requests_total", labels] == 3.0
    second = parsed(render((), {}, totals.read(NOW + timedelta(seconds=10)), NOW))
    third = parsed(render((), {}, totals.read(NOW + timedelta(seconds=11)), NOW))
    assert second == third
    assert second["prosepolish_tier_requests_total", labels] == 6.0
    assert second["prosepolish_tier_duration_seconds_bucket", (("family", "dict"), ("le", "+Inf"), ("tier", "redis"))] == 4.0
    assert second["prosepolish_llm_cost_usd_total", LEDGER] == pytest.approx(0.02)
    assert second["prosepolish_events_total", (("event", "lease_lost"),)] == 8.0


def test_what_calls_cost_then_is_added_too() -> None:
    """Two windows: twice the money of then, and two calls whose cost nobody knows."""
    totals = CoreTotals(Counts(), NOW - timedelta(minutes=5))  # type: ignore[arg-type]
    totals.read(NOW)
    (row,) = totals.read(NOW + timedelta(seconds=10)).llm.values()
    assert (row.calls, row.then_usd, row.then_unpriced) == (2, Decimal("0.06"), 2)


def test_a_channel_that_takes_no_messages_is_said() -> None:
    """With how often it failed, and how many messages wait."""
    at = datetime.now(UTC)
    channels = [ChannelState("webhook", at, at, "it answered 503", 2, 7, 3), ChannelState("apprise", at, None, "", 2, 9, 0)]
    found = parsed(render((), {}, now=NOW, channels=channels))

    def told(name: str, channel: str, **labels: str) -> float:
        return found[f"prosepolish_alert_channel_{name}", tuple(sorted({"channel": channel, **labels}.items()))]

    assert (told("up", "webhook"), told("up", "apprise")) == (0.0, 1.0)
    assert told("waiting", "webhook") == 2.0
    assert told("attempts_total", "webhook", outcome="failed") == 3.0
    assert told("attempts_total", "webhook", outcome="told") == 7.0


def test_a_store_that_is_away_is_said() -> None:
    """Without PostgreSQL the text is valid and says that nothing could be read."""
    with Core.open(Config.from_env({"DATABASE_URL": "postgresql://127.0.0.1:9/nowhere"})) as core:
        assert parsed(Exposition(core.samples, core.telemetry).text()) == {("prosepolish_store_up", ()): 0.0}
