"""`prosepolish migrate`: brings the PostgreSQL schema up to date; a server that is still starting is waited for."""

import time

import click

from ..config import Config
from ..errors import StoreUnavailable
from ..watch.schema.migrate import migrate as apply_missing
from .finite_range import FiniteRange
from .opened import as_json, print_json

#: Pause between two attempts.
PAUSE_S = 0.5


@click.command()
@click.option(
    "--wait",
    "wait_s",
    type=FiniteRange(0, 3600),
    default=30,
    show_default=True,
    help="Seconds in which a PostgreSQL that does not let us in yet is tried again.",
)
@as_json
def migrate(wait_s: float, as_json: bool) -> None:
    """Apply the missing schema files to DATABASE_URL, all or none. Safe to run at any time, also twice at once."""
    applied = _apply(Config.from_env().database_url.get_secret_value(), wait_s)
    if as_json:
        print_json({"applied": applied})
    elif applied:
        click.echo(f"Applied {', '.join(applied)}.")
    else:
        click.echo("The schema is up to date.")


def _apply(url: str, wait_s: float) -> list[str]:
    """Try until it is done or the time is over; every new reason for waiting is told once."""
    until, told = time.monotonic() + wait_s, ""
    while True:
        try:
            return apply_missing(url)
        except StoreUnavailable as error:
            left = until - time.monotonic()
            if left <= PAUSE_S:
                if told:
                    raise StoreUnavailable(f"{error} (given up after {wait_s:g} s)") from None
                raise
            if told != str(error):
                told = str(error)
                click.echo(f"Waiting up to {left:.0f} s: {told}.", err=True)
            time.sleep(PAUSE_S)
