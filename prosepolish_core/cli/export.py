"""`prosepolish export`: rights for an administrator to give, and settings only an administrator may read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ..config import Config
from ..errors import SourceRefused, SourceUnavailable
from ..watch.redis_info.acl import COLLECTORS, DIALECTS, ROLES, setuser
from ..watch.redis_info.flat import CONFIG
from ..watch.redis_info.redis_observer import Observer
from ..watch.redis_info.settings import answered, to_json
from ..watch.series.grants import collector_grants, reader_grants
from .export_ledger import ledger
from .opened import as_json, print_json
from .whole_file import print_or_put

OUTPUT = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write this file whole, instead of printing."
)


@click.group()
def export() -> None:
    """Print files and statements for other systems."""


export.add_command(ledger)


@export.command()
@click.option("--server", type=click.Choice([dialect.name for dialect in DIALECTS]), help="Only this kind of server.")
@click.option(
    "--role",
    "role_name",
    type=click.Choice([role.name for role in ROLES]),
    default=COLLECTORS.name,
    show_default=True,
    help="; ".join(f"{role.name}: {role.about}" for role in ROLES) + ".",
)
@click.option("--user", help="Name of the user.  [default: prosepolish-collector or prosepolish-app]")
@click.option("--attribution", is_flag=True, help="The collectors may also listen to keyspace events.")
@click.option("--slow-commands", is_flag=True, help="The collectors may also read slow commands, arguments and so values included.")
@as_json
def acl(server: str | None, role_name: str, user: str | None, as_json: bool, **more: bool) -> None:
    """ACL rules of a user on Redis and Valkey.

    No role has a right that shows a password or another secret of the server.

    The collectors see statistics and names of keys, and can neither read nor change a value. Replace PASSWORD, run the
    line with redis-cli or valkey-cli, and put the user into REDIS_URL, REDIS_STATE_URL or REDIS_TARGETS.
    """
    role = next(role for role in ROLES if role.name == role_name)
    user = role.user if user is None else user
    if not user.replace("-", "").replace("_", "").isalnum():
        raise click.UsageError("--user may hold letters, digits, - and _")
    if role is not COLLECTORS and any(more.values()):
        raise click.UsageError("--attribution and --slow-commands are the collectors'")
    chosen = [dialect for dialect in DIALECTS if server in {None, dialect.name}]
    lines = {d.name: setuser(d, user, role, listening=more["attribution"], logs=more["slow_commands"]) for d in chosen}
    if as_json:
        print_json(lines)
        return
    for dialect in chosen:
        click.echo(f"# {dialect.about}\n{lines[dialect.name]}")


@export.command("redis-settings")
@OUTPUT
def redis_settings(output: Path | None) -> None:
    """The harmless settings of every observed server, for collectors whose user may not use CONFIG GET.

    Run it once, and again after a change of a server's settings, with an administrator's REDIS_URL, REDIS_STATE_URL and
    REDIS_TARGETS; then name the file to the collectors in PROSEPOLISH_REDIS_SETTINGS.
    """
    found = {name: _settings(name, url.get_secret_value()) for name, url in Config.from_env().targets().items()}
    print_or_put(to_json(found, datetime.now(UTC)).decode(), output)


def _settings(name: str, url: str) -> dict[str, str]:
    """What one server says, without the parameters it does not know or show."""
    observer = Observer(url)
    try:
        replies: list[Any] = observer.ask_all("export", [("CONFIG", "GET", parameter) for parameter in CONFIG])
    except (SourceUnavailable, SourceRefused) as error:
        raise click.ClickException(f"{name}: {error}; check its address, and that its user is an administrator's") from None
    finally:
        observer.close()
    refused = [reply for reply in replies if isinstance(reply, SourceRefused)]
    if len(refused) == len(replies):
        raise click.ClickException(f"{name} refuses CONFIG GET ({refused[0]}); use an administrator's user in its address")
    return answered(reply for reply in replies if not isinstance(reply, SourceRefused))


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


@export.command("prometheus-rules")
@OUTPUT
def prometheus_rules(output: Path | None) -> None:
    """The alert rules for Prometheus, with what PROSEPOLISH_ALERT_RULES changes of them.

    The same table as our own alerts come from. Rules that cannot be written are named at the head, with the reason.
    """
    from ..watch.alerts.overrides import NONE, read  # rules need numpy, which the other exports do not
    from ..watch.alerts.rules import BY_NAME
    from ..watch.metrics.prometheus_rules import rules_file

    path = Config.from_env().alert_rules
    print_or_put(rules_file(NONE if path is None else read(path, BY_NAME)), output)
