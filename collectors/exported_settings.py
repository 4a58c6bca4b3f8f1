"""The file of `prosepolish export redis-settings`: read anew each time, so that a new export needs no restart."""

from pathlib import Path

import structlog

from prosepolish_core.watch.redis_info.settings import from_json

#: A file of settings is some hundred bytes an instance.
MOST_BYTES = 1024 * 1024
log = structlog.get_logger("collectors")


def exported(path: Path | None, source: str) -> dict[str, str]:
    """What the file says of one instance;
    nothing where there is no file, or one that cannot be used, which is logged.
    """
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            return from_json(file.read(MOST_BYTES), source)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no exported settings"
        log.warning("settings_unreadable", variable="PROSEPOLISH_REDIS_SETTINGS", reason=reason)
        return {}
