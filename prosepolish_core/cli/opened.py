"""What verbs share: a Core from the environment with its logging set up, and printing JSON."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from getpass import getuser
from typing import Any, ParamSpec, TypeVar

import click
import orjson

from .. import logs
from ..config import Config
from ..core import Core

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def opened_core() -> Iterator[Core]:
    """A Core built from the environment, closed (and its counts flushed) at the end."""
    config = Config.from_env()
    logs.configure(config)
    with Core.open(config) as core:
        yield core


def written_down(core: Core, action: str, subject: str = "") -> None:
    """Whoever can start a verb has the servers' passwords: the row tells what was done, no more."""
    if not core.audit.try_to_add(f"cli:{getuser()}", "admin", action, subject):
        click.echo("This action could not be written into the audit table.", err=True)


def as_json(verb: Callable[P, T]) -> Callable[P, T]:
    """The option `--json`, the same for every verb that prints data."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(verb)


def print_json(value: Any) -> None:
    """One JSON document and a newline on stdout."""
    click.echo(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode())


def milliseconds(seconds: float | None) -> str:
    """A time for people, or a dash."""
    return "–" if seconds is None else f"{seconds * 1000:.3g} ms"
