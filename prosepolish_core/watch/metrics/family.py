"""Metric families and their text: grouped, typed, escaped, as the Prometheus text format 0.0.4 wants them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...model.sample import Labels

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(slots=True)
class Families:
    """Collects numbers by family; the first type and help a family is given are kept."""

    _types: dict[str, tuple[str, str]] = field(default_factory=dict)
    _lines: dict[str, dict[tuple[str, Labels], float]] = field(default_factory=dict)

    def add(self, name: str, type_: str, value: float, labels: Labels = (), help_: str = "", suffix: str = "") -> None:
        """Add one number. A series given twice keeps the later value: the format forbids doubles."""
        self._types.setdefault(name, (type_, help_))
        self._lines.setdefault(name, {})[name + suffix, labels] = value

    def by_name(self) -> Iterable[tuple[str, str, str, list[tuple[str, Labels, float]]]]:
        """Name, type, help and numbers of each family."""
        for name in sorted(self._lines):
            yield name, *self._types[name], [(full, labels, value) for (full, labels), value in self._lines[name].items()]

    def text(self) -> str:
        return "".join(self._parts())

    def _parts(self) -> Iterable[str]:
        for name, type_, help_, series in self.by_name():
            if help_:
                yield f"# HELP {name} {help_}\n"
            yield f"# TYPE {name} {type_}\n"
            for full, labels, value in series:
                yield f"{full}{shown(labels)} {number(value)}\n"


def shown(labels: Labels) -> str:
    """Labels in braces, escaped; nothing when there are none."""
    return "{" + ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in labels) + "}" if labels else ""


def number(value: float) -> str:
    """A value as Prometheus reads it: whole numbers whole, everything else exactly."""
    if value != value:
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**63 else repr(value)


def labelled(**labels: str) -> Labels:
    """Labels in their sorted form."""
    return tuple(sorted(labels.items()))


def merged(labels: Labels, more: Mapping[str, str]) -> Labels:
    """Labels and further ones, sorted; the further ones win."""
    return tuple(sorted((dict(labels) | dict(more)).items()))
