"""`--history 30d`: how long the simulated past is, as people write it."""

from typing import Any

import click

from prosepolish_core.errors import InvalidWindow
from prosepolish_core.model.window import parse_span

#: A past of fewer days has no week in it; one of more is older than the core's counts are kept in minutes.
FEWEST_DAYS, MOST_DAYS = 7, 35


class HistorySpan(click.ParamType[int]):
    """Whole days, written as 30d or 4w."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it, or say how it is written."""
        try:
            days, rest = divmod(parse_span(str(value)), 86_400)
        except InvalidWindow:
            days, rest = 0, 0
        if rest or not FEWEST_DAYS <= days <= MOST_DAYS:
            self.fail(f"{str(value)[:20]!r} is no span of {FEWEST_DAYS}d to {MOST_DAYS}d; write for example 30d", param, ctx)
        return days
