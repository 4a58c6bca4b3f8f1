"""Expressions written as PromQL, over the names under which /metrics tells our series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..model.sample import Labels
from .expression import (
    Age,
    Arithmetic,
    Earlier,
    Expression,
    Guarded,
    HistogramQuantile,
    Increase,
    Latest,
    OnlyWhere,
    Total,
)


class Exported(NamedTuple):
    """One of our metrics as it stands on /metrics.

    `labels` tell its series apart, in our words. `scale` times what is told is our unit, and `bounds` times the bounds
    of a histogram. `where`: which of the told series it is. `read`: a name that is told above 0 while its source is
    read, for counters that are made at their first use: they were 0 before. `text`: an expression that stands for it,
    where a name alone does not.
    """

    name: str
    labels: tuple[str, ...] = ("instance",)
    scale: float = 1.0
    bounds: float = 1.0
    where: Labels = ()
    read: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class PromqlWriter:
    """`names`: our metrics as they are told; `renamed`: our labels that are told otherwise, or as several."""

    names: Mapping[str, Exported]
    renamed: Mapping[str, tuple[str, ...]]
    info: str = "redis_instance_info"

    def text(self, node: Expression, offset_s: float = 0.0) -> str:
        """The expression as it is, or was so long ago. Raises KeyError for a metric that is not told."""
        match node:
            case Latest(metric, where):
                return _times(self.names[metric].scale, self._selector(metric, where, offset_s))
            case Age(metric, where):
                return f"(time() - {self._selector(f'age of {metric}', where, offset_s)})"
            case Increase(metric, over_s, where):
                return _times(self.names[metric].scale, self._increase(metric, over_s, where, offset_s))
            case Earlier(of, by_s):
                return self.text(of, offset_s + by_s)
            case HistogramQuantile(q, metric, over_s, where, by):
                grown = self._increase(metric, over_s, where, offset_s)
                return _times(self.names[metric].bounds, f"histogram_quantile({q:g}, sum{self._by((*by, 'le'))} ({grown}))")
            case Total(of, by):
                return f"sum{self._by(by)} ({self.text(of, offset_s)})"
            case Arithmetic(left, sign, right):
                return f"({self.text(left, offset_s)} {sign} {self._right(right, offset_s)})"
            case Guarded(of, enough, at_least, otherwise):
                return self._guarded(of, enough, number(at_least), otherwise, offset_s)
            case OnlyWhere(of, text, begins, but):
                pattern = "|".join(f"{begin}.*" for begin in begins)
                picked = f'{self.info}{{{text}{"!~" if but else "=~"}"{pattern}"}}{_offset(offset_s)}'
                return f"({self.text(of, offset_s)} and on (instance) {picked})"
        raise TypeError(f"{type(node).__name__} cannot be written as PromQL")

    def labels(self, node: Expression) -> tuple[str, ...]:
        """The labels, in our words, that tell its values apart."""
        match node:
            case Latest(metric=metric) | Age(metric=metric) | Increase(metric=metric):
                return self.names[metric].labels
            case HistogramQuantile(by=by) | Total(by=by):
                return by
            case Arithmetic(left=of) | Guarded(of=of) | OnlyWhere(of=of) | Earlier(of=of):
                return self.labels(of)
        raise TypeError(f"{type(node).__name__} cannot be written as PromQL")

    def told(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Our labels as they are told."""
        return tuple(other for label in labels for other in self.renamed.get(label, (label,)))

    def on(self, labels: Sequence[str]) -> str:
        """Joined by these labels."""
        return f"on ({', '.join(self.told(labels))})"

    def _by(self, labels: Sequence[str]) -> str:
        return f" by ({', '.join(self.told(labels))})" if labels else ""

    def _right(self, right: Expression | float, offset_s: float) -> str:
        if isinstance(right, int | float):
            return number(right)
        return f"{self.on(self.labels(right))} group_left () {self.text(right, offset_s)}"

    def _guarded(self, of: Expression, enough: Expression, least: str, otherwise: float, offset_s: float) -> str:
        on, amount = self.on(self.labels(enough)), self.text(enough, offset_s)
        guarded = f"({self.text(of, offset_s)} and {on} ({amount} >= {least}))"
        if otherwise != otherwise:
            return guarded
        return f"({guarded} or {on} (({amount} < {least}) * 0 + {number(otherwise)}))"

    def _increase(self, metric: str, over_s: float, where: Labels, offset_s: float) -> str:
        """A counter that was not there at the beginning has grown by all it shows."""
        grown = f"increase({self._selector(metric, where)}[{_span(over_s)}]{_offset(offset_s)})"
        if not (read := self.names[metric].read):
            return grown
        now, before = (self._selector(metric, where, back) for back in (offset_s, offset_s + over_s))
        on = "on (instance)" if "instance" in self.names[metric].labels else "on ()"
        return f"((({now} unless {before}) and {on} {read}{_offset(offset_s + over_s)} > 0) or {grown})"

    def _selector(self, metric: str, where: Labels, offset_s: float = 0.0) -> str:
        told = self.names[metric]
        if told.text:
            return told.text
        wanted = [(other, value) for name, value in (*told.where, *where) for other in self.told([name])]
        inside = ",".join(f'{name}{"=~" if "|" in value else "="}"{value}"' for name, value in wanted)
        return told.name + (f"{{{inside}}}" if inside else "") + _offset(offset_s)


def number(value: float) -> str:
    """A number with all its digits."""
    return f"{value:.0f}" if value == int(value) else repr(value)


def _times(scale: float, text: str) -> str:
    return text if scale == 1.0 else f"({text} * {number(scale)})"


def _span(seconds: float) -> str:
    """A span as PromQL writes it: in its largest whole unit."""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def _offset(seconds: float) -> str:
    return f" offset {_span(seconds)}" if seconds else ""
