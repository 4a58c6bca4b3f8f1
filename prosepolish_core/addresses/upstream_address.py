"""Addresses of HTTP upstreams: the base, or the base with the path that everybody writes behind it."""

import re

from ..errors import ConfigError
from .parts import places, taken_apart

#: The usual path, or its beginning, which the clients add themselves.
DICTIONARY_PATH = re.compile(r"/api(?:/v2(?:/entries(?:/en(?:/[^/]*)?)?)?)?$")
GEMINI_PATH = re.compile(r"/v1(?:alpha|beta)?(?:/openai|/models(?:/[^/]*)?)?$")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:%-]+)*")


def check_web_address(address: str) -> None:
    """Raises ConfigError unless it is an http:// or https:// address;
    its path, options and login are its own affair.
    """
    parts = taken_apart(address)
    if parts.scheme not in {"http", "https"} or not parts.places:
        raise ConfigError("it must be an http:// or https:// address")


def base_of(address: str, usual: re.Pattern[str], key: str = "") -> str:
    """The base address, without the usual path. `key` says where a secret belongs. Raises ConfigError."""
    check_web_address(address)
    parts = taken_apart(address)
    if parts.login or parts.options:
        raise ConfigError(f"it must hold no user, password or options (?…){key}")
    if "," in parts.places:
        raise ConfigError("it must name one host")
    ((host, port),) = places(parts.places, 0)
    path = usual.sub("", re.sub("//+", "/", parts.path).rstrip("/"))
    if not _PATH.fullmatch(path) or "/entries" in path or ":" in path:
        raise ConfigError("its path is not one that this API has; give the base address alone")
    shown_host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown_host}{f':{port}' if port else ''}{path}"
