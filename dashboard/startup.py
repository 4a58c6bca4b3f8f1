"""Start-up of the web process: a wrong setting is one sentence, never a traceback."""

import sys

from prosepolish_core import Config
from prosepolish_core.errors import ConfigError


def config_or_exit() -> Config:
    """The configuration from the environment; where it is not usable, say which variable and end with 1."""
    try:
        return Config.from_env()
    except ConfigError as error:
        sys.stderr.write(f"The dashboard cannot start: {error}. `.env.example` lists every setting.\n")
        sys.exit(1)
