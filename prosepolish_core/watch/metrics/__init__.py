"""`/metrics`: the latest readings as Prometheus text. `render` is pure; `Exposition` asks the store and renders."""

from .render import CONTENT_TYPE, Exposition, render

__all__ = ["CONTENT_TYPE", "Exposition", "render"]
