"""`/metrics`: the latest readings as Prometheus text. `render` is pure; `Exposition` asks the store and renders."""

from .render import CONTENT_TYPE, Exposition, render
from .totals import CoreTotals

__all__ = ["CONTENT_TYPE", "CoreTotals", "Exposition", "render"]
