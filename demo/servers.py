"""The embedded servers of one run, and the check of those the environment names instead."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from prosepolish_core.config import Config
from prosepolish_core.errors import StartupError

from .children import DemoPart
from .embedded import account, postgres, valkey
from .embedded.ports import free_port
from .folder import DataFolder
from .plan import DemoPlan

#: What a server needs from the environment; nothing else of it, least of all secrets, is passed on.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


class Server(NamedTuple):
    """A server to start: its part, what it adds to the environment, when it is ready, what to do when it is not."""

    part: DemoPart
    env: Mapping[str, str]
    ready: Callable[[], bool]
    fix: str


def wanted(plan: DemoPlan, folder: DataFolder, env: Mapping[str, str]) -> Iterator[Server]:
    """The servers the plan embeds. PostgreSQL, the slowest, comes first. Raises StartupError."""
    own = {"LC_ALL": "C"} | {name: env[name] for name in PASSED_ON if name in env}
    if plan.postgres:
        yield _postgres(folder, own)
    for role in ("cache", "state"):
        if getattr(plan, role):
            yield _valkey(role, folder, own)


def check_given(plan: DemoPlan, env: Mapping[str, str]) -> None:
    """Ask the servers the environment names. Raises StartupError when one cannot be used; no address is shown."""
    config = Config.from_env(env)
    given = {
        "REDIS_URL": (not plan.cache, config.redis_url, valkey.trouble),
        "REDIS_STATE_URL": (not plan.state and config.redis_state_url is not None, config.state_url, valkey.trouble),
        "DATABASE_URL": (not plan.postgres, config.database_url, postgres.trouble),
    }
    for name, (asked, secret, trouble) in given.items():
        address = secret.get_secret_value()
        if asked and (what := trouble(address)):
            raise StartupError(f"the server that {name} names {what}, or unset {name} and `up` starts one itself")


def _postgres(folder: DataFolder, env: Mapping[str, str]) -> Server:
    password, port, data = folder.secrets()["postgres"], free_port(), folder.path / "postgres"
    who = account.choose([postgres.binaries(), folder.path])
    postgres.prepare(data, password, who, env)
    return Server(
        postgres.part(data, port=port, account=who, log=folder.log("postgres"), env=env),
        {"DATABASE_URL": postgres.url(port, password)},
        lambda: postgres.answers(postgres.url(port, password, "postgres")),
        postgres.FIX,
    )


def _valkey(role: str, folder: DataFolder, env: Mapping[str, str]) -> Server:
    password, port = folder.secrets()["valkey"], free_port()
    address = valkey.url(port, password)
    return Server(
        valkey.part(role, port=port, password=password, folder=folder.path / role, log=folder.log(f"valkey-{role}"), env=env),
        {valkey.VARIABLES[role]: address},
        lambda: valkey.answers(address),
        valkey.fix(role),
    )
