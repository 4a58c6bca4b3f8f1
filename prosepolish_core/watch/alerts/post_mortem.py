"""One incident as one file, Markdown or HTML, to begin a post-mortem with. Foreign words never become markup."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape

from ...calc import numbers
from ...calc.effect_words import lines
from ...model.incident import EVENTS
from ...model.series import MARK_KINDS
from .incident_report import IncidentReport, TimelineRow

#: What is left for people to write.
QUESTIONS = ("Why did it happen?", "What went well, what did not?", "What will be done, by whom, until when?")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1f2937; }
table { border-collapse: collapse; width: 100%; } td, th { border-bottom: 1px solid #d1d5db; padding: .3rem .6rem; text-align: left;
vertical-align: top; } td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
.critical { color: #b91c1c; } .warning { color: #b45309; }
"""


def markdown(report: IncidentReport) -> str:
    """The file as Markdown."""
    parts = [
        f"# {_plain(report.what)}",
        "\n".join(f"- {name}: {_plain(value)}" for name, value in facts(report)),
        "## Effect on users",
        "\n".join(f"- {_plain(line)}" for line in lines(report.effect)) + _counting(report),
        "## What happened",
        "| at (UTC) | what | |\n|---|---|---|\n"
        + "\n".join(f"| {_at(row)} | {_kind(row)} | {_plain(row.text)} |" for row in report.rows),
        *(f"## {question}" for question in QUESTIONS),
    ]
    return "\n\n".join(parts) + "\n"


def html(report: IncidentReport) -> str:
    """The file as HTML, whole in itself: it asks no server for anything."""
    rows = "".join(
        f'<tr><td>{_at(row)}</td><td class="{escape(row.level.value)}">{escape(_kind(row))}</td><td>{escape(row.text)}</td></tr>'
        for row in report.rows
    )
    told = "".join(f"<li>{escape(line)}</li>" for line in lines(report.effect))
    named = "".join(f"<li>{escape(name)}: {escape(value)}</li>" for name, value in facts(report))
    asked = "".join(f"<h2>{escape(question)}</h2><p>&nbsp;</p>" for question in QUESTIONS)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.incident.id)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(report.what)}</h1><ul>{named}</ul>"
        f"<h2>Effect on users</h2><ul>{told}</ul><p>{escape(_counting(report).strip())}</p>"
        f"<h2>What happened</h2><table><tr><th>at (UTC)</th><th>what</th><th></th></tr>{rows}</table>{asked}</body></html>\n"
    )


#: How to write the file in each format.
FORMATS: Mapping[str, Callable[[IncidentReport], str]] = {"md": markdown, "html": html}


def facts(report: IncidentReport) -> list[tuple[str, str]]:
    """What stands at the head: name and value."""
    until = report.ended or datetime.now(UTC)
    length = numbers.said((until - report.began).total_seconds(), "seconds")
    over = f"{report.ended:%Y-%m-%d %H:%M:%S} UTC, after {length}" if report.ended else f"goes on since {length}"
    return [
        ("Incident", report.incident.id),
        ("Level", report.incident.level.value),
        ("Began", f"{report.began:%Y-%m-%d %H:%M:%S} UTC"),
        ("Ended", over),
        ("Taken by", report.acknowledged_by or "nobody"),
        *([("Simulated", "this never happened, a simulation wrote it")] if report.simulated else []),
    ]


def told(kind: str) -> str:
    """A kind of the timeline in words."""
    if kind in {"note", "acknowledged"}:
        return kind
    return EVENTS.get(kind) or f"mark: {kind}" if kind in EVENTS or kind in MARK_KINDS else kind


def _counting(report: IncidentReport) -> str:
    return "" if report.settled else "\n\nNot final: it is counted once more a minute after the end."


def _at(row: TimelineRow) -> str:
    return f"{row.at:%Y-%m-%d %H:%M:%S}"


def _kind(row: TimelineRow) -> str:
    level = f" ({row.level.value})" if row.level.value in {"warning", "critical"} else ""
    return told(row.kind) + level


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
