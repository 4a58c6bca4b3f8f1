"""A number as it reads on screen that still knows which number it is, for files and for whoever counts on."""

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any, Self, TypeVar, cast

Amount = Decimal | float | None
Write = TypeVar("Write", bound=Callable[..., str])


class ShownNumber(str):
    """The text of a number; `value` is the number itself in `unit`."""

    __slots__ = ("unit", "value")
    unit: str
    value: Amount

    def __new__(cls, text: str = "", value: Amount = None, unit: str = "") -> Self:
        """The text first: copies and pickles begin with it alone."""
        made = super().__new__(cls, text)
        made.value, made.unit = value, unit
        return made


def keeps(unit: str, factor: int = 1) -> Callable[[Write], Write]:
    """For functions that write a number: what they write keeps the number, times `factor`, in this unit."""

    def around(write: Write) -> Write:
        @wraps(write)
        def written(value: Amount, *args: Any, **more: Any) -> str:
            kept = None if value is None else value * factor
            return ShownNumber(write(value, *args, **more), kept, unit)

        return cast("Write", written)

    return around
