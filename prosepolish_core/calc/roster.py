"""No input makes series without end: so many names of one metric have a series of their own;
the rest is one called `(other)`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..model.sample import Kind, Labels, Sample

#: Names of one metric, and metrics, of one stream. A server with every module knows some 400 commands.
MOST_NAMES, MOST_METRICS = 512, 2000
#: A run of fewer samples than this is never gathered: no server of the real world has more.
FEW = 10_000
OTHER = "(other)"
#: How many numbers have no series because their stream has too many metrics.
LEFT_OUT = "series_left_out"
#: Labels whose values are few and ours: they tell parts of one thing apart, and name nothing.
PARTS = frozenset({"le", "p", "stat"})
#: Tells numbers apart that a run names alike.
NTH = "nth"
#: Units of which the largest stands for several; all others add up.
_LARGEST = frozenset({"seconds", "milliseconds", "microseconds", "days", "ratio", "percent"})


class RosterName(NamedTuple):
    """What a series is called in its stream."""

    metric: str
    labels: Labels


class Roster:
    """The names one stream has.

    Who comes first has a series; names are known until they are forgotten with their samples.
    """

    __slots__ = ("_metrics",)

    def __init__(self, known: Sequence[RosterName] = ()) -> None:
        self._metrics: dict[str, set[Labels]] = {}
        for name in known:
            self._metrics.setdefault(name.metric, set()).add(_identity(name.labels))

    def place(self, name: RosterName) -> RosterName:
        """The series a number belongs to: its own, that of the others, or none (`LEFT_OUT` counts those)."""
        names = self._metrics.get(name.metric)
        if names is None:
            if len(self._metrics) >= MOST_METRICS:
                return RosterName(LEFT_OUT, ())
            names = self._metrics[name.metric] = set()
        identity = _identity(name.labels)
        if identity in names:
            return name
        if len(names) < MOST_NAMES or all(value.startswith("(") for _, value in identity):  # names in parentheses are ours
            names.add(identity)
            return name
        return RosterName(name.metric, tuple((k, v if k in PARTS else OTHER) for k, v in name.labels if k != NTH))


def told_apart(names: Sequence[RosterName]) -> list[RosterName]:
    """The same names; where one stands again, with a number of its own."""
    seen: dict[RosterName, int] = {}
    found = []
    for name in names:
        nth = seen[name] = seen.get(name, 0) + 1
        found.append(name if nth == 1 else RosterName(name.metric, tuple(sorted((*name.labels, (NTH, str(nth)))))))
    return found


def largest(kind: Kind, unit: str) -> bool:
    """Whether the largest of several numbers stands for all; else they add up."""
    return kind is Kind.GAUGE and unit in _LARGEST


def gathered(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """A run's samples; of one that has far too many, those beyond the most names gathered in their groups."""
    if len(samples) < FEW:
        return samples
    roster = Roster()
    found: dict[RosterName, Sample] = {}
    for sample, told in zip(samples, told_apart([RosterName(s.metric, s.labels) for s in samples]), strict=True):
        name = roster.place(told)
        now = Sample(name.metric, sample.value, sample.kind, sample.unit, name.labels)
        if name.metric == LEFT_OUT:
            now = Sample(LEFT_OUT, 1.0)
        before = found.get(name)
        found[name] = now if before is None else now._replace(value=together(now.kind, now.unit, before.value, now.value))
    return tuple(found.values())


def together(kind: Kind, unit: str, one: float, other: float) -> float:
    """Two numbers of one group as one."""
    return max(one, other) if largest(kind, unit) else one + other


def _identity(labels: Labels) -> Labels:
    return tuple(label for label in labels if label[0] not in PARTS)
