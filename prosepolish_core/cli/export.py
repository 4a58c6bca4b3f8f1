"""`prosepolish export`: the exact rights the collectors need, to be given by an administrator."""

import click

from ..watch.redis_info.acl import DIALECTS, setuser
from ..watch.series.grants import collector_grants, reader_grants
from .opened import as_json, print_json

USER = "prosepolish-collector"


@click.group()
def export() -> None:
    """Print files and statements for other systems."""


@export.command()
@click.option("--server", type=click.Choice([dialect.name for dialect in DIALECTS]), help="Only this kind of server.")
@click.option("--user", default=USER, show_default=True, help="Name of the user.")
@click.option("--attribution", is_flag=True, help="Also allow listening to keyspace events.")
@as_json
def acl(server: str | None, user: str, attribution: bool, as_json: bool) -> None:
    """ACL rules of the collectors' user on Redis and Valkey: it sees statistics, and can neither read nor change a value.

    Replace PASSWORD, run the line with redis-cli or valkey-cli, and put the user into REDIS_URL or REDIS_TARGETS.
    """
    if not user.replace("-", "").replace("_", "").isalnum():
        raise click.UsageError("--user may hold letters, digits, - and _")
    chosen = [dialect for dialect in DIALECTS if server in {None, dialect.name}]
    lines = {dialect.name: setuser(dialect, user, listening=attribution) for dialect in chosen}
    if as_json:
        print_json(lines)
        return
    for dialect in chosen:
        click.echo(f"# {dialect.about}\n{lines[dialect.name]}")


@export.command()
@as_json
def grants(as_json: bool) -> None:
    """PostgreSQL statements: one role for the collectors, one for people who only read (Grafana)."""
    found = {"collectors": collector_grants(), "reader": reader_grants()}
    if as_json:
        print_json(found)
        return
    for role, statements in found.items():
        click.echo(f"-- {role}")
        for statement in statements:
            click.echo(statement)
