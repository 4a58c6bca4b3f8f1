"""An address taken apart: scheme, log-in, hosts, path and options.

Errors name the fix, and nothing that may be secret.
"""

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote

from ..errors import ConfigError

#: A bare one of these ends the log-in too early; what follows would be read as host, path or option.
QUOTING = "in a user name or password write @ as %40, / as %2F, ? as %3F, # as %23, : as %3A and % as %25"
#: How schemes and names of options look. Nothing else is ever repeated in a message: it may be a piece of a password.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]{0,39}")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}")
Place = tuple[str, int]


class Parts(NamedTuple):
    """An address as it is written, nothing decoded but the options."""

    scheme: str
    login: str
    places: str
    path: str
    options: tuple[tuple[str, str], ...]


def taken_apart(address: str) -> Parts:
    """The parts of `scheme://[login@]places[/path][?options]`. Raises ConfigError."""
    scheme, mark, rest = address.partition("://")
    if not mark or not _PLAIN.fullmatch(scheme):
        raise ConfigError("it is no address: it must begin with a scheme and ://")
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    tail = rest[len(authority) :]
    if "@" in tail or "#" in tail:
        raise ConfigError(f"it holds an @ or a # where none can stand; {QUOTING}")
    login, _, places = authority.rpartition("@")
    path, _, query = tail.partition("?")
    return Parts(scheme.lower(), login, places, path, tuple(_option(part) for part in query.split("&") if part))


def places(text: str, port: int) -> tuple[Place, ...]:
    """Hosts and ports of `host[:port][,host[:port]]`; `port` where none is said. Raises ConfigError."""
    found = []
    for one in text.split(","):
        host, digits = host_and_port(one)
        found.append((checked_host(unquote(host)), int(digits or port)))
    return tuple(found)


def host_and_port(place: str) -> tuple[str, str]:
    """The host as it is written, without brackets, and the digits of the port, which may be none.

    Raises ConfigError.
    """
    host, _, port = place.partition(":")
    if place.startswith("["):
        host, closed, rest = place[1:].partition("]")
        port = rest[1:]
        if not closed or (rest and not rest.startswith(":")):
            raise ConfigError("an IPv6 address is written in brackets, with a colon and the port behind them")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise ConfigError(f"its port is no number from 1 to 65535; {QUOTING}, and an IPv6 address in brackets")
    return host, port


def checked_host(host: str) -> str:
    """The host, if a resolver can be asked for it: an IP address, or a name in ASCII. Raises ConfigError."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    if len(host) > 253 or not all(map(_LABEL.fullmatch, host.removesuffix(".").split("."))):
        raise ConfigError("its host is no IP address and no name (one beyond ASCII is written in its xn-- form)")
    return host


def shown(name: str) -> str:
    """The name of an option, where it looks like one."""
    return name if _PLAIN.fullmatch(name) else "one that is no name"


def _option(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise ConfigError(f"it has an option without a value; {QUOTING}")
    return unquote(name), unquote(value)
