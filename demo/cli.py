"""`prosepolish up`: the whole stack with one command."""

import os
import shlex
import time
import webbrowser
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from prosepolish_core.cli.finite_range import FiniteRange
from prosepolish_core.config import Config, process_environment
from prosepolish_core.errors import ProsePolishError, StartupError

from .history.span import HistorySpan
from .installed import check_installed
from .options import Options
from .plan import DemoPlan

#: What the children are told, beside the addresses. A value the user set wins.
DEFAULTS = {
    "PROSEPOLISH_INTERVAL_S": "2",
    "PROSEPOLISH_FLUSH_S": "2",
    "PYTHONUNBUFFERED": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
#: Never reached through a proxy.
LOOPBACK = ("127.0.0.1", "localhost")
#: What other verbs need to reach this stack from another terminal.
SHARED = (
    "REDIS_URL", "REDIS_STATE_URL", "DATABASE_URL", "DICTIONARY_API_URL", "GEMINI_API_ENDPOINT", "GEMINI_API_KEY", "PORT",
    "PROSEPOLISH_STAND_INS", "PROSEPOLISH_EMBEDDED", "PROSEPOLISH_PEPPER", "PROSEPOLISH_DATA_DIR", "PROSEPOLISH_DICTIONARY_PER_S",
    "PROSEPOLISH_FAULTS_URL",
)  # fmt: skip


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the dashboard.  [default: $PORT, else 8501]")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, readable=False),
    help="Where PostgreSQL's data and the logs lie.  [default: .prosepolish]",
)
@click.option("--no-traffic", is_flag=True, help="Start no traffic source.")
@click.option("--rate", type=FiniteRange(0.1, 500), default=8.0, show_default=True, help="Lookups a second.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the traffic and of the stand-ins.")
@click.option("--speed", type=FiniteRange(0.01), default=1.0, show_default=True, help="Stand-ins this many times faster.")
@click.option("--history", type=HistorySpan(), metavar="DAYS", help="Fill a new store with a simulated past, as 30d.")
@click.option("--open/--no-open", "open_browser", default=False, show_default=True, help="Open the dashboard in a browser.")
def up(port: int | None, data_dir: Path | None, no_traffic: bool, history: int | None, **more: Any) -> None:
    """Start the whole stack: servers, stand-in upstreams, collectors, traffic and dashboard.

    Addresses set in the environment (REDIS_URL, DATABASE_URL, DICTIONARY_API_URL, GEMINI_API_KEY) are used as they are.
    Exit codes: 0 stopped by you, 1 could not start or a part kept failing, 2 wrong usage.
    """
    try:
        env = process_environment()
        config = Config.from_env(env)
        chosen = Options(port or config.port, data_dir or config.data_dir, not no_traffic, history=history or 0, **more)
        _up(chosen, env)
    except ProsePolishError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:  # a file that somebody else made, a disk that filled up meanwhile
        raise click.ClickException(_trouble(error, chosen.data_dir.absolute())) from None


def _trouble(error: OSError, data_dir: Path) -> str:
    from .folder import unusable  # needs a POSIX system, as everything below

    if error.filename and not Path(str(error.filename)).absolute().is_relative_to(data_dir):
        return f"{error.filename} cannot be used ({error.strerror}); `up` needs it"
    return str(unusable(data_dir, error))


def _up(options: Options, env: dict[str, str]) -> None:
    if os.name != "posix":
        raise StartupError("`up` needs Linux or macOS; elsewhere set REDIS_URL and DATABASE_URL and run the dashboard by itself")
    plan = DemoPlan.of(env)
    check_installed(plan)
    # Here and not above: these modules need a POSIX system and the extra.
    from . import screen
    from .embedded.ports import is_free
    from .folder import DataFolder
    from .supervisor import Supervisor

    began, console = time.monotonic(), Console(highlight=False)
    with DataFolder(options.data_dir) as folder:
        if not is_free(options.port):
            other = next((p for p in range(options.port + 1, min(options.port + 50, 65536)) if is_free(p)), 0)
            raise StartupError(f"port {options.port} is taken; stop what uses it, or choose another, for example --port {other}")
        env |= {name: value for name, value in DEFAULTS.items() if not env.get(name)}
        env |= {"PORT": str(options.port), "PROSEPOLISH_DATA_DIR": str(folder.path)}
        env |= {"PROSEPOLISH_STAND_INS": ",".join(plan.stand_ins), "PROSEPOLISH_EMBEDDED": ",".join(plan.embedded)}
        env |= {name: ",".join(filter(None, (env.get(name), *LOOPBACK))) for name in ("NO_PROXY", "no_proxy")}
        if not (env.get("PROSEPOLISH_PEPPER") or env.get("PROSEPOLISH_PEPPER_FILE")):
            env["PROSEPOLISH_PEPPER"] = folder.secrets()["pepper"]
        run = Supervisor(plan, options, folder, env, lambda text: screen.step(console, text, time.monotonic() - began))
        with run.running():
            if not run.stopping:
                folder.write("env", "".join(f"{n}={shlex.quote(run.env[n])}\n" for n in SHARED if run.env.get(n)))
                screen.show(console, plan, options, folder, seconds=time.monotonic() - began, control_url=run.control_url)
                if options.open_browser:
                    webbrowser.open(screen.address(options))
            run.watch()
        screen.step(console, "everything is stopped; the data stays where it is", time.monotonic() - began)
