"""Which marks belong on a chart: those of the servers it is about, and those that are about all of them."""

from collections.abc import Iterable

from prosepolish_core.model.series import Mark

#: The servers behind the tiers: what happens to another one does not explain a lookup.
TIERS = ("cache", "postgres")
#: The collectors read everything: a gap of theirs is one on every chart.
READERS = "collectors"


def about(marks: Iterable[Mark], *sources: str) -> tuple[Mark, ...]:
    """The marks for a chart of these sources, in their order."""
    return tuple(mark for mark in marks if not mark.source or mark.source.startswith(READERS) or mark.source in sources)
