"""A number option that refuses nan and infinity, which no range check of their own catches."""

from math import isfinite
from typing import Any

import click


class FiniteRange(click.FloatRange):
    """click.FloatRange for numbers only."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or click's own usage error."""
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number
