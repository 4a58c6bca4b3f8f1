"""Start-up of the web process: a wrong setting is one sentence, never a traceback."""

import gc
import sys
from importlib import import_module
from pkgutil import iter_modules
from threading import Thread

from dashboard import charts, sections, views
from dashboard.gatekeeper import LOOPBACK
from prosepolish_core import Config
from prosepolish_core.errors import ConfigError


def warm_up() -> None:
    """Load what the pages are made of (pandas, plotly) before the first visitor asks for it."""
    Thread(target=_load, name="warm-up", daemon=True).start()


def _load() -> None:
    for package in (views, charts, sections):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    gc.freeze()  # what was imported stays: no collection walks through it again while a visitor waits


def closed_or_exit(config: Config, address: str | None) -> None:
    """Beyond loopback people have to sign in; without that it is refused unless a setting says it is meant so."""
    if address in LOOPBACK:
        return
    if config.signs_in:
        if config.metrics_token is None:
            sys.stderr.write("WARNING: /metrics and /readyz ask nobody who they are; PROSEPOLISH_METRICS_TOKEN makes them.\n")
        return
    where = f"on {address}" if address else "on every address of this machine"
    if not config.open_to_network:
        sys.stderr.write(
            f"The dashboard cannot start: it would listen {where}, and it signs nobody in. Set STREAMLIT_SERVER_ADDRESS to "
            "127.0.0.1, or PROSEPOLISH_OIDC_URL to a provider that signs people in, or put a proxy that does so before it and "
            "set PROSEPOLISH_OPEN_TO_NETWORK=true.\n"
        )
        sys.exit(1)
    sys.stderr.write(f"WARNING: the dashboard listens {where} and signs nobody in; PROSEPOLISH_OPEN_TO_NETWORK says so.\n")


def config_or_exit() -> Config:
    """The configuration from the environment; where it is not usable, say which variable and end with 1."""
    try:
        config = Config.from_env()
    except ConfigError as error:
        sys.stderr.write(f"The dashboard cannot start: {error}. `.env.example` lists every setting.\n")
        sys.exit(1)
    sys.stderr.writelines(f"{sentence}.\n" for sentence in config.ignored)
    return config
