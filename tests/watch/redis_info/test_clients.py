"""CLIENT LIST."""

import pytest

from prosepolish_core.watch.redis_info.clients import MOST_GROUPS, read_clients

from .recorded import SERVERS, reply


@pytest.mark.parametrize("server", SERVERS)
def test_our_own_connection_is_in_the_list(server: str) -> None:
    """The collector finds itself by name on every server version."""
    samples = read_clients(reply(server, "client_list"))
    mine = [s for s in samples if s.metric == "clients" and dict(s.labels)["name"] == "prosepolish-collector"]
    assert [s.value for s in mine] == [1.0]


def test_groups_add_up_and_values_may_be_empty_or_hold_colons() -> None:
    """Fields are found by key: an empty name, an IPv6 address and new fields are no trouble."""
    lines = (
        b"id=1 addr=[::1]:4711 name= age=5 idle=3 flags=N tot-mem=10 omem=0 user=default lib-name=\n"
        b"id=2 addr=[::1]:4712 name=web-17 age=9 idle=1 flags=b tot-mem=20 omem=7 user=default lib-name=py new=1\n"
        b"id=3 addr=[::1]:4713 name=web-18 age=8 idle=4 flags=N tot-mem=30 omem=1 user=default lib-name=py\n"
    )
    found = {(s.metric, dict(s.labels).get("name")): s.value for s in read_clients(lines)}
    assert found["clients", "web-#"] == 2.0
    assert found["clients_memory", "web-#"] == 50.0
    assert found["clients_output", "web-#"] == 8.0
    assert found["clients_idle_longest", "web-#"] == 4.0
    assert found["clients", "(none)"] == 1.0
    assert found["clients_waiting", None] == 1.0


def test_names_without_end_become_one_group() -> None:
    """A hundred names make a bounded number of series, and no client is lost."""
    lines = "\n".join(f"id={n} name={chr(97 + n % 26)}{chr(97 + n // 26)} user=u" for n in range(100))
    counts = [s for s in read_clients(lines.encode()) if s.metric == "clients"]
    assert len(counts) == MOST_GROUPS + 1
    assert sum(s.value for s in counts) == 100.0
