"""A secret from a file: one line of UTF-8 text, without its line end."""

import re
from pathlib import Path

from ..errors import ConfigError

#: Longest secret that is read from a file: a device that never ends is given up at once.
MOST_SECRET_BYTES = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def secret_in(variable: str, path: Path) -> str:
    """The one line of text. Raises ConfigError for anything else; an empty file sets nothing."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_SECRET_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{variable} names a file that cannot be read: {error.strerror}") from None
    except ValueError:  # a path with a NUL in it
        raise ConfigError(f"{variable} is no path of a file") from None
    if len(data) > MOST_SECRET_BYTES:
        raise ConfigError(f"{variable} names a file of more than {MOST_SECRET_BYTES} bytes; a secret is one line of text")
    try:
        text = data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError(f"{variable} names a file that is not UTF-8 text; write the secret as one line of text") from None
    if _CONTROL.search(text):
        raise ConfigError(f"{variable} names a file with several lines or control characters in it; a secret is one line of text")
    return text
