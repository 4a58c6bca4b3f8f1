"""The footprint ledger."""

from hypothesis import given
from hypothesis import strategies as st

from collectors import footprint
from collectors.reading import ObservedServer
from prosepolish_core.watch.redis_info.redis_observer import Observer


def ledger(instance: ObservedServer, commands: footprint.Commands) -> dict[str, float]:
    """The ledger's samples by name."""
    return {s.metric: s.value for s in footprint.samples(instance, commands)}


def test_server_time_is_charged_by_our_share_of_the_calls() -> None:
    """Of a command's time since the last INFO we carry the share that our calls are of all calls."""
    instance = ObservedServer("cache", Observer("redis://127.0.0.1:1/0"))
    charge = instance.observer.charges["redis_info"]
    charge.commands["info"] = 1
    assert ledger(instance, {"info": (10.0, 1000.0)})["collector_server_usec"] == 0.0
    charge.commands["info"] = 2
    assert ledger(instance, {"info": (14.0, 1400.0)})["collector_server_usec"] == 100.0
    assert ledger(instance, {"info": (20.0, 9000.0)})["collector_server_usec"] == 100.0


def test_subcommands_counted_together_are_charged_too() -> None:
    """Before 7.0 the server counts `config` where we count `config|get`."""
    instance = ObservedServer("cache", Observer("redis://127.0.0.1:1/0"))
    ledger(instance, {"config": (1.0, 10.0)})
    instance.observer.charges["redis_config"].commands["config|get"] = 2
    assert ledger(instance, {"config": (3.0, 50.0)})["collector_server_usec"] == 40.0


def test_our_calls_are_told_by_the_names_the_server_counts_them_under() -> None:
    """Where it counts subcommands together, ours are added under that name; where it knows them, each stands alone."""
    instance = ObservedServer("cache", Observer("redis://127.0.0.1:1/0"))
    ours = instance.observer.charges["redis_memory"].commands
    ours.update({"memory|stats": 2, "memory|usage": 3, "ping": 5})
    for commands, told in (
        ({"memory": (9.0, 9.0)}, {"memory": 5.0, "ping": 5.0}),
        ({"memory|stats": (9.0, 9.0)}, {"memory|stats": 2.0, "memory|usage": 3.0, "ping": 5.0}),
    ):
        found = footprint.samples(instance, commands)
        assert {dict(s.labels)["cmd"]: s.value for s in found if s.metric == "collector_command_calls"} == told


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1e6), st.floats(0, 1e6)), max_size=20))
def test_the_charge_never_falls(steps: list[tuple[int, float, float]]) -> None:
    """Whatever the server says, resets included, what was charged to us only grows."""
    instance = ObservedServer("cache", Observer("redis://127.0.0.1:1/0"))
    before = 0.0
    for calls, counted, usec in steps:
        instance.observer.charges["x"].commands["get"] += calls
        now = ledger(instance, {"get": (counted, usec)})["collector_server_usec"]
        assert now >= before
        before = now
