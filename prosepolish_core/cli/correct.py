"""`prosepolish correct`: corrects one text; the result alone goes to stdout, everything about it to stderr."""

import sys

import click

from ..model.provenance import Provenance, acting_as
from .opened import as_json, opened_core, print_json


@click.command()
@click.argument("text", metavar="TEXT")
@click.option("--user", "user_id", default=None, metavar="ID", help="Who asks; the answer is the same for everybody.")
@as_json
def correct(text: str, user_id: str | None, as_json: bool) -> int:
    """Correct TEXT (or standard input, when TEXT is a single dash).

    Prints the text as it should read. Exit code 1, and the text unchanged, when no tier could correct it.
    """
    if text == "-":
        text = sys.stdin.read()
    with opened_core() as core, acting_as(Provenance.PLAYGROUND):
        found = core.corrector.correct(text, user_id=user_id)
    if as_json:
        plain = {name: getattr(found, name) for name in ("text", "changed", "corrected", "tier", "outcome", "detail", "model")}
        plain |= {"cost_usd": found.cost_usd, "avoided_usd": found.avoided_usd, "tokens": found.tokens._asdict()}
        print_json(plain | {"trace": [step._asdict() for step in found.trace]})
    else:
        click.echo(found.text)
        where = f"by {found.tier} ({found.outcome})" if found.corrected else f"not corrected: {found.detail or found.outcome}"
        cost = "unpriced" if found.cost_usd is None else f"${found.cost_usd:f}"
        click.echo(f"{where} · {cost}", err=True)
    return 0 if found.corrected else 1
