"""Start-up of the web process: a wrong setting is one sentence, never a traceback."""

import gc
import sys
from importlib import import_module
from pkgutil import iter_modules
from threading import Thread

from dashboard import charts, sections, views
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


def config_or_exit() -> Config:
    """The configuration from the environment; where it is not usable, say which variable and end with 1."""
    try:
        config = Config.from_env()
    except ConfigError as error:
        sys.stderr.write(f"The dashboard cannot start: {error}. `.env.example` lists every setting.\n")
        sys.exit(1)
    sys.stderr.writelines(f"{sentence}.\n" for sentence in config.ignored)
    return config
