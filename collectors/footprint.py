"""The footprint ledger: calls, bytes, lookups and server time that our own connections caused on an instance."""

from collections.abc import Mapping

from prosepolish_core.model.sample import Kind, Sample

from .reading import ObservedServer

C = Kind.COUNTER
_MEMORY = "footprint"
#: Command -> calls and microseconds, as commandstats has them.
Commands = Mapping[str, tuple[float, float]]
NOTHING = (0.0, 0.0)


class _Before:
    """What commandstats and our own ledger said at the last INFO, and the server time charged to us since we began."""

    __slots__ = ("charged_usec", "commands", "mine")

    def __init__(self) -> None:
        self.commands: Commands = {}
        self.mine: dict[str, int] = {}
        self.charged_usec = 0.0


def samples(instance: ObservedServer, commands: Commands) -> tuple[Sample, ...]:
    """The ledger as counters, read at the same instant as the INFO they are subtracted from."""
    charges = instance.observer.charges
    before = instance.memory.setdefault(_MEMORY, _Before())
    mine: dict[str, int] = {}
    for charge in list(charges.values()):
        for command, count in list(charge.commands.items()):
            name = _counted_as(command, commands)
            mine[name] = mine.get(name, 0) + count
    _charge_time(before, mine, commands)
    total = list(charges.values())
    return (
        Sample("collector_calls", float(sum(c.calls for c in total)), C),
        Sample("collector_bytes_out", float(sum(c.bytes_out for c in total)), C, "bytes"),
        Sample("collector_bytes_in", float(sum(c.bytes_in for c in total)), C, "bytes"),
        Sample("collector_hits", float(sum(c.hits for c in total)), C),
        Sample("collector_misses", float(sum(c.misses for c in total)), C),
        Sample("collector_errors", float(sum(c.errors for c in total)), C),
        Sample("collector_server_usec", before.charged_usec, C, "microseconds"),
        *(Sample("collector_command_calls", float(count), C, labels=(("cmd", name),)) for name, count in sorted(mine.items())),
    )


def others(instance: ObservedServer) -> float:
    """How many commands the server had run for all others when INFO was read last; 0 before that."""
    before: _Before = instance.memory.get(_MEMORY) or _Before()
    return sum(calls for calls, _ in before.commands.values()) - sum(before.mine.values())


def _counted_as(command: str, commands: Commands) -> str:
    """The name under which the server counts a command of ours: before 7.0 subcommands are counted together."""
    whole = command.partition("|")[0]
    return whole if command not in commands and whole in commands else command


def _charge_time(before: _Before, mine: dict[str, int], commands: Commands) -> None:
    """Charge each command's server time since the last INFO by our share of its calls."""
    for command, count in mine.items():
        calls, usec = commands.get(command, NOTHING)
        calls_before, usec_before = before.commands.get(command, NOTHING)
        ours, grown, spent = count - before.mine.get(command, 0), calls - calls_before, usec - usec_before
        if before.commands and ours > 0 and grown > 0 and spent > 0:
            before.charged_usec += spent * min(1.0, ours / grown)
    before.commands, before.mine = commands, mine
