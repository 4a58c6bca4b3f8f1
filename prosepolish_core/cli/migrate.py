"""`prosepolish migrate`: brings the PostgreSQL schema up to date."""

import click

from ..config import Config
from ..watch.schema.migrate import migrate as apply_missing
from .opened import as_json, print_json


@click.command()
@as_json
def migrate(as_json: bool) -> None:
    """Apply the missing schema files to DATABASE_URL, all or none. Safe to run at any time, also twice at once."""
    applied = apply_missing(Config.from_env().database_url.get_secret_value())
    if as_json:
        print_json({"applied": applied})
    elif applied:
        click.echo(f"Applied {', '.join(applied)}.")
    else:
        click.echo("The schema is up to date.")
