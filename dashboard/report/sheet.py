"""One A4 page of HTML: a head, numbers, tables, a drawing, and definitions in its foot. Foreign words stay words."""

from collections.abc import Mapping, Sequence
from html import escape

_STYLE = """
@page { size: A4; margin: 10mm 12mm; }
* { box-sizing: border-box; }
body { font: 7.4pt/1.28 "Helvetica Neue", Arial, "Liberation Sans", sans-serif; color: #16202e; margin: 0 auto; max-width: 186mm; }
h1 { font-size: 15pt; margin: 0 0 .6mm; } h2 { font-size: 9pt; margin: 2.8mm 0 .7mm; }
p { margin: 0 0 1mm; } .quiet { color: #4f5b6b; }
.numbers { display: grid; grid-template-columns: repeat(4, 1fr); gap: 2.2mm; margin: 2.6mm 0 0; }
.number { border: .3mm solid #d5dce6; border-radius: 1.4mm; padding: 1.6mm 2.2mm; }
.number b { display: block; font-size: 12pt; line-height: 1.22; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { border-bottom: .2mm solid #d5dce6; padding: .38mm 1.2mm; text-align: right; white-space: nowrap; }
th { color: #4f5b6b; font-weight: 600; } th:first-child, td:first-child { text-align: left; } .last td { font-weight: 700; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 5mm; align-items: start; }
svg { width: 100%; height: 18mm; display: block; } svg text { font-size: 9px; fill: #4f5b6b; }
footer { border-top: .4mm solid #16202e; margin-top: 3.4mm; padding-top: 1.4mm; font-size: 6.6pt; line-height: 1.27; }
footer dl { display: grid; grid-template-columns: 24mm 1fr; gap: .25mm 2mm; margin: 0; } footer dt { font-weight: 700; }
footer dd { margin: 0; }
@media screen { body { padding: 10mm 0; } }
"""

Rows = Sequence[Mapping[str, object]]


def sheet(title: str, told: str, parts: Sequence[str], definitions: Mapping[str, str]) -> str:
    """The whole file; the parts are made by the functions below."""
    defined = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in definitions.items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f'<body><h1>{escape(title)}</h1><p class="quiet">{escape(told)}</p>{"".join(parts)}<footer><dl>{defined}</dl></footer>'
        "</body></html>\n"
    )


def numbers(shown: Sequence[tuple[str, str, str]]) -> str:
    """Label, value and what stands below it."""
    boxes = (
        f'<div class="number"><span class="quiet">{escape(label)}</span><b>{escape(value)}</b>'
        f'<span class="quiet">{escape(note)}</span></div>'
        for label, value, note in shown
    )
    return f'<div class="numbers">{"".join(boxes)}</div>'


def table(title: str, rows: Rows, *, sum_last: bool = False) -> str:
    """A table with its title; the names of the first row are the columns."""
    if not rows:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    lines = []
    for position, row in enumerate(rows, start=1):
        last = ' class="last"' if sum_last and position == len(rows) else ""
        lines.append(f"<tr{last}>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row.values())}</tr>")
    return f"<section><h2>{escape(title)}</h2><table><tr>{head}</tr>{''.join(lines)}</table></section>"


def pair(left: str, right: str) -> str:
    """Two parts side by side."""
    return f'<div class="pair"><div>{left}</div><div>{right}</div></div>'


def bars(title: str, names: Sequence[str], heights: Sequence[Sequence[float]], colours: Sequence[str], told: str) -> str:
    """Stacked bars, oldest first; `told` names the highest."""
    wide, tall = 720.0, 84.0
    sums = [sum(column) for column in zip(*heights, strict=True)]
    most, each = max(sums, default=0.0) or 1.0, wide / max(1, len(sums))
    drawn, foot = [], [0.0] * len(sums)
    for values, colour in zip(heights, colours, strict=True):
        for i, value in enumerate(values):
            high = value / most * (tall - 14)
            foot[i] += high
            drawn.append(
                f'<rect x="{i * each + each * 0.1:.1f}" y="{tall - foot[i]:.1f}" width="{each * 0.8:.1f}" height="{high:.1f}" '
                f'fill="{colour}"/>'
            )
    keys = "".join(
        f'<rect x="{90 * i}" y="1" width="8" height="8" fill="{c}"/><text x="{90 * i + 12}" y="9">{escape(n)}</text>'
        for i, (n, c) in enumerate(zip(names, colours, strict=True))
    )
    return (
        f'<section><h2>{escape(title)}</h2><svg viewBox="0 0 {wide:.0f} {tall:.0f}" preserveAspectRatio="none" role="img">'
        f'{keys}<text x="{wide}" y="9" text-anchor="end">{escape(told)}</text>{"".join(drawn)}</svg></section>'
    )
