"""Who is connected, by group, and which servers belong together."""

from math import isnan

from dashboard.views import clients
from prosepolish_core.model.series import GaugeSeries, SeriesKey
from tests.dashboard.rows import WINDOW, Samples, gauge, grown


def labelled(metric: str, value: float, **labels: str) -> GaugeSeries:
    """A gauge of the cache with labels."""
    return gauge(metric, value)._replace(key=SeriesKey("cache", metric, tuple(sorted(labels.items()))))


def server_of(*gauges: GaugeSeries, state: dict[str, str] | None = None, **increases: float) -> clients.ServerClients:
    """The one observed server."""
    rows = [grown(metric, by) for metric, by in increases.items()]
    samples = Samples([gauge("connected_clients", 7), *gauges], rows, states={"cache": state or {"role": "master"}})
    return clients.build(samples, WINDOW, ["cache"]).servers[0]


def test_each_number_stands_in_its_own_place() -> None:
    """Connected, blocked and the most are readings; new and turned away are sums over the window."""
    server = server_of(gauge("blocked_clients", 2), gauge("maxclients", 100), total_connections_received=40, rejected_connections=3)

    assert (server.connected, server.waiting, server.most) == (7.0, 2.0, 100.0)
    assert (server.opened, server.turned_away) == (40.0, 3.0)
    assert (server.role, server.follows) == ("master", "")


def test_groups_come_with_their_numbers_the_biggest_first() -> None:
    """What is not told of a group is unknown."""
    server = server_of(
        labelled("clients", 1, name="a", user="default", lib="redis-py"),
        labelled("clients", 9, name="b", user="app", lib="(none)"),
        labelled("clients_memory", 2048, name="b", user="app", lib="(none)"),
        labelled("clients_output", 64, name="b", user="app", lib="(none)"),
        labelled("clients_idle_longest", 30, name="b", user="app", lib="(none)"),
    )

    assert server.groups[0] == clients.ClientGroup("b", "app", "(none)", 9.0, 2048.0, 64.0, 30.0)
    assert (server.groups[1].name, server.groups[1].count) == ("a", 1.0)
    assert isnan(server.groups[1].memory)


def test_servers_that_belong_together_are_listed_what_is_not_well_first() -> None:
    """A replica with its lag, a watched primary, a node with its slots, and one of which only the lag is known."""
    server = server_of(
        labelled("replica_online", 1, replica="10.0.0.2:6379"),
        labelled("replica_lag", 0.5, replica="10.0.0.2:6379"),
        labelled("replica_lag", 4, replica="10.0.0.3:6379"),
        labelled("sentinel_primary_ok", 0, primary="mymaster"),
        labelled("cluster_node_up", 1, node="10.0.0.4:6379", role="primary"),
        labelled("cluster_node_slots", 5461, node="10.0.0.4:6379", role="primary"),
    )

    seen = [(link.kind, link.address, link.well) for link in server.links]
    assert seen == [
        ("replica", "10.0.0.3:6379", None),
        ("watched primary", "mymaster", False),
        ("node, primary", "10.0.0.4:6379", True),
        ("replica", "10.0.0.2:6379", True),
    ]
    assert (server.links[0].lag_s, server.links[2].slots, server.links[3].lag_s) == (4.0, 5461.0, 0.5)


def test_a_replica_names_the_primary_that_it_copies() -> None:
    """Only a replica follows somebody."""
    state = {"role": "slave", "master_host": "10.0.0.1", "master_port": "6379"}

    assert server_of(state=state).follows == "10.0.0.1:6379"
    assert server_of(state=state | {"role": "master"}).follows == ""


def test_a_target_that_never_answered_is_listed_as_down() -> None:
    """With every number unknown."""
    (server,) = clients.build(Samples(), WINDOW, ["cache"]).servers

    assert not server.standing.up
    assert isnan(server.connected)
    assert server.groups == ()
