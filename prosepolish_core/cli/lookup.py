"""`prosepolish lookup`: asks the tiers for words and shows which one answered."""

from typing import Any

import click

from ..errors import LookupUnavailable
from ..model.entry import Entry
from ..model.lookup import Lookup
from ..model.outcome import FAILED, TraceStep
from ..model.provenance import Provenance, acting_as
from .opened import as_json, milliseconds, opened_core, print_json

MOST_SENSES = 3


@click.command()
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@as_json
def lookup(words: tuple[str, ...], as_json: bool) -> int:
    """Look words up and show what each tier did.

    Exit code 0 when every word was answered (an unknown word is an answer), 1 when no tier could answer.
    """
    with opened_core() as core, acting_as(Provenance.PLAYGROUND):
        try:
            found = core.dictionary.lookup_many(list(words)) if len(words) > 1 else {words[0]: core.dictionary.lookup(words[0])}
        except LookupUnavailable as error:
            steps = [step for step in error.trace if isinstance(step, TraceStep)]
            if as_json:
                print_json([{"word": word, "outcome": "error", "trace": [_step(s) for s in steps]} for word in words])
            raise
    if as_json:
        print_json([_plain(one) for one in found.values()])
    else:
        click.echo("\n\n".join(_text(one) for one in found.values()))
    return 1 if any(one.outcome in FAILED for one in found.values()) else 0


def _plain(found: Lookup) -> dict[str, Any]:
    return {
        "word": found.word,
        "outcome": found.outcome,
        "tier": found.tier,
        "degraded": found.degraded,
        "cost_usd": found.cost_usd,
        "age_s": found.age_s,
        "entry": found.entry.to_dict() if found.entry else None,
        "trace": [_step(step) for step in found.trace],
    }


def _step(step: TraceStep) -> dict[str, Any]:
    return step._asdict()


def _text(found: Lookup) -> str:
    lines = [_header(found)]
    lines += _senses(found.entry) if found.entry else ["  No tier knows this word."]
    for step in found.trace:
        filled = f", filled {', '.join(step.filled)}" if step.filled else ""
        detail = f" ({step.detail})" if step.detail else ""
        lines.append(f"  {milliseconds(step.duration_s):>8}  {step.tier:<15} {step.outcome}{detail}{filled}")
    return "\n".join(lines)


def _header(found: Lookup) -> str:
    where = f"answered by {found.tier}" if found.tier else "no tier answered"
    cost = "unpriced" if found.cost_usd is None else f"${found.cost_usd:f}"
    return f"{found.word} · {where} ({found.outcome}) · {cost}{' · degraded' if found.degraded else ''}"


def _senses(entry: Entry) -> list[str]:
    lines = []
    for meaning in entry.meanings:
        lines += [f"  {meaning.part_of_speech}: {one.definition}" for one in meaning.definitions[:MOST_SENSES]]
        if (more := len(meaning.definitions) - MOST_SENSES) > 0:
            lines.append(f"  … and {more} more")
    return lines
