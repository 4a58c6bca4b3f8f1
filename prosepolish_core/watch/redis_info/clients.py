"""CLIENT LIST grouped by name, user and library: how many, how much memory, how far behind."""

import re
from collections import defaultdict
from typing import Any, NamedTuple

from ...model.sample import Labels, Sample
from .flat import number, text

#: More groups than this are one called `(others)`, so that names with numbers in them do not make endless series.
MOST_GROUPS = 24
OTHERS = ("(others)", "(others)", "(others)")
_DIGITS = re.compile(r"[0-9a-f]{8,}|\d+")


class Summed(NamedTuple):
    """What is added up over the clients of a group, and in which field it stands."""

    metric: str
    field: str
    unit: str
    highest: bool = False


SUMS = (
    Summed("clients_memory", "tot-mem", "bytes"),
    Summed("clients_output", "omem", "bytes"),
    Summed("clients_query", "qbuf", "bytes"),
    Summed("clients_idle_longest", "idle", "seconds", highest=True),
    Summed("clients_age_oldest", "age", "seconds", highest=True),
)


def read_clients(reply: Any) -> tuple[Sample, ...]:
    """Samples of every group, the biggest groups by name. Fields are found by their key; a value may be empty or hold colons."""
    clients = [dict(_fields(line)) for line in text(reply).splitlines() if line.strip()]
    groups: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    for client in clients:
        name = _DIGITS.sub("#", client.get("name", "")) or "(none)"
        groups[name[:60], client.get("user", "") or "(none)", client.get("lib-name", "") or "(none)"].append(client)
    ranked = sorted(groups, key=lambda group: (-len(groups[group]), group))
    for extra in ranked[MOST_GROUPS:]:
        groups[OTHERS] += groups.pop(extra)
    samples: list[Sample] = []
    for group in sorted(groups):
        labels: Labels = (("lib", group[2]), ("name", group[0]), ("user", group[1]))
        members = groups[group]
        samples.append(Sample("clients", float(len(members)), labels=labels))
        for summed in SUMS:
            values = [value for member in members if (value := number(member.get(summed.field))) is not None]
            if values:
                samples.append(
                    Sample(summed.metric, max(values) if summed.highest else sum(values), unit=summed.unit, labels=labels)
                )
    blocked = sum("b" in client.get("flags", "") for client in clients)
    return (*samples, Sample("clients_waiting", float(blocked)), Sample("clients_listed", float(len(clients))))


def _fields(line: str) -> list[tuple[str, str]]:
    return [(key, value) for key, found, value in (part.partition("=") for part in line.split(" ")) if found]
