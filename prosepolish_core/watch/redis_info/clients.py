"""CLIENT LIST grouped by name, user and library: how many, how much memory, how far behind."""

import re
from collections import defaultdict
from typing import Any, NamedTuple

from ...model.sample import Labels, Sample
from .fields import BY_UNIT
from .flat import label, number, text

#: More groups than this are one called `(others)`, so that names with numbers in them do not make endless series.
MOST_GROUPS = 24
OTHERS = ("(others)", "(others)", "(others)")
_DIGITS = re.compile(r"[0-9a-f]{8,}|\d+")
#: A field ends where the next one begins: names may hold blanks.
_FIELD = re.compile(r"(?:^| )([a-z-]+)=(.*?)(?= [a-z-]+=|$)")


class ClientSum(NamedTuple):
    """What is added up over the clients of a group, and in which field it stands."""

    metric: str
    field: str
    unit: str
    highest: bool = False


SUMS = (
    ClientSum("clients_memory", "tot-mem", "bytes"),
    ClientSum("clients_output", "omem", "bytes"),
    ClientSum("clients_query", "qbuf", "bytes"),
    ClientSum("clients_idle_longest", "idle", "seconds", highest=True),
    ClientSum("clients_age_oldest", "age", "seconds", highest=True),
)


def read_clients(reply: Any) -> tuple[Sample, ...]:
    """Samples of every group, the biggest groups by name.

    Fields are found by their key; a value may be empty or hold colons.
    """
    clients = [client for line in text(reply).split("\n") if (client := dict(_fields(line)))]
    groups: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    for client in clients:
        name = _DIGITS.sub("#", client.get("name", ""))[:60]
        groups[_group(name), _group(client.get("user", "")), _group(client.get("lib-name", ""))].append(client)
    ranked = sorted(groups, key=lambda group: (-len(groups[group]), group))
    for extra in ranked[MOST_GROUPS:]:
        groups[OTHERS] += groups.pop(extra)
    samples: list[Sample] = []
    for group in sorted(groups):
        labels: Labels = (("lib", group[2]), ("name", group[0]), ("user", group[1]))
        members = groups[group]
        samples.append(Sample("clients", float(len(members)), labels=labels))
        for summed in SUMS:
            low, high = BY_UNIT[summed.unit]
            told = (number(member.get(summed.field)) for member in members)
            values = [value for value in told if value is not None and low <= value <= high]
            if values:
                samples.append(
                    Sample(summed.metric, max(values) if summed.highest else sum(values), unit=summed.unit, labels=labels)
                )
    blocked = sum("b" in client.get("flags", "") for client in clients)
    return (*samples, Sample("clients_waiting", float(blocked)), Sample("clients_listed", float(len(clients))))


def _fields(line: str) -> list[tuple[str, str]]:
    return _FIELD.findall(line)


def _group(name: str) -> str:
    return label(name) or "(none)"
