"""What expressions read: metrics, which series of them, and how far back."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass

from .courses import Pick
from .expression import Age, Earlier, HistogramQuantile, Increase, Latest


def metrics_in(node: object) -> frozenset[str]:
    """Every metric that an expression reads."""
    found = {node.metric} if isinstance(node, Latest | Age | Increase | HistogramQuantile) else set()
    return frozenset(found).union(*(metrics_in(child) for child in _children(node)))


def picks_in(nodes: Iterable[object]) -> dict[str, frozenset[Pick]]:
    """Of every metric that these expressions read: which of its series."""
    found: dict[str, set[Pick]] = {}
    for node in nodes:
        if isinstance(node, Latest | Age | Increase | HistogramQuantile):
            found.setdefault(node.metric, set()).add(Pick.of(node.where))
        for metric, picks in picks_in(_children(node)).items():
            found.setdefault(metric, set()).update(picks)
    return {metric: frozenset(picks) for metric, picks in found.items()}


def reach_s(node: object) -> float:
    """How many seconds before an instant an expression reads, at most."""
    own = node.over_s if isinstance(node, Increase | HistogramQuantile) else node.by_s if isinstance(node, Earlier) else 0.0
    return own + max((reach_s(child) for child in _children(node)), default=0.0)


def long_ago(node: object, than_s: float) -> tuple[float, float] | None:
    """A stretch that an expression compares with and that lies further back than `than_s`:
    how far back it ends, and how many seconds it reads of it at most. None: it reads nothing so old.
    """
    own = [(node.by_s, reach_s(node.of))] if isinstance(node, Earlier) and node.by_s > than_s else []
    found = [*own, *(some for child in _children(node) if (some := long_ago(child, than_s)))]
    return max(found, default=None)


def _children(node: object) -> list[object]:
    if not is_dataclass(node):
        return []
    return [child for child in (getattr(node, field.name) for field in fields(node)) if is_dataclass(child)]
