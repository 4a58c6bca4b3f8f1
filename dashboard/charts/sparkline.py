"""A number's recent course as a small SVG drawing:
a browser shows it in no time, where a chart of its own took 37 ms.
"""

from collections.abc import Sequence

import numpy as np

from .theme import PALETTE, faded

WIDTH, HEIGHT, EDGE = 240, 44, 3
#: Below this share of its size a course is drawn as a flat line: its changes are not worth a mountain.
FLAT = 0.005


def sparkline(course: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]], colour: str = PALETTE[0]) -> str:
    """Line and area over the course, lowest value at the bottom, stretched to whatever width it gets."""
    values = np.asarray(course, dtype=float)
    low, high = float(values.min()), float(values.max())
    x = np.linspace(0, WIDTH, len(values))
    if high - low <= FLAT * max(abs(low), abs(high)):
        y = np.full(len(values), HEIGHT / 2)
    else:
        y = HEIGHT - EDGE - (values - low) / (high - low) * (HEIGHT - 2 * EDGE)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'preserveAspectRatio="none"><polygon points="0,{HEIGHT} {line} {WIDTH},{HEIGHT}" fill="{faded(colour, 0.16)}"/>'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" vector-effect="non-scaling-stroke"/></svg>'
    )
