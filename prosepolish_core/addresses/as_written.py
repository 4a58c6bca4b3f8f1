"""Values of variables as people and their tools write them:
blanks and quotes round them, Kubernetes' ports, a Redis in parts.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote

from ..errors import ConfigError
from .options import truth, whole
from .parts import checked_host

T = TypeVar("T")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: Blanks that `str.strip` leaves: the byte order mark and the zero-width space come along when text is copied from a
#: page.
_BLANKS = re.compile(r"^[\s\ufeff\u200b]+|[\s\ufeff\u200b]+$")
#: Values of which a blank or a quote at an end may be a part: only line ends are taken off.
AS_IT_IS = frozenset({"REDIS_PASSWORD"})


def tidied(name: str, value: str) -> str:
    """The value without blanks and without the quotes that `docker --env-file` leaves round it. Raises ConfigError."""
    if name in AS_IT_IS:
        value = value.strip("\r\n")
    else:
        value = _BLANKS.sub("", value)
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = _BLANKS.sub("", value[1:-1])
    if _CONTROL.search(value):
        raise ConfigError(f"{name} holds a line feed or another control character; write it on one line")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{name} is not text in UTF-8") from None
    return value


def redis_url_from_parts(given: Mapping[str, str]) -> str | None:
    """REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, REDIS_DB and REDIS_TLS_ENABLED as one address; None without a host."""
    if not (host := given.get("REDIS_HOST")):
        return None
    place = _checked("REDIS_HOST", lambda: checked_host(host.removeprefix("[").removesuffix("]")))
    # Kubernetes sets REDIS_PORT to tcp://10.0.0.1:6379 wherever a service is called redis.
    port = _checked("REDIS_PORT", lambda: whole(1, 65_535)(_service_port(given.get("REDIS_PORT") or "6379")))
    database = _checked("REDIS_DB", lambda: whole(0, 999_999)(given.get("REDIS_DB") or "0"))
    tls = _checked("REDIS_TLS_ENABLED", lambda: truth(given.get("REDIS_TLS_ENABLED") or "false"))
    password = given.get("REDIS_PASSWORD", "")
    login = f":{quote(password, safe='')}@" if password else ""
    return f"{'rediss' if tls else 'redis'}://{login}{f'[{place}]' if ':' in place else place}:{port}/{database}"


def _service_port(text: str) -> str:
    return text.rpartition(":")[2] if text.startswith("tcp://") else text


def _checked(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from None
