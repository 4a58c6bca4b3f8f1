"""REDIS_URL and its kin: one server, a socket, Sentinel or Cluster, with the options that mean something to us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self
from urllib.parse import unquote

from ..errors import ConfigError
from .options import Reader, names, one_of, sorted_out, text, truth, whole
from .parts import Parts, Place, places, taken_apart


class RedisKind(StrEnum):
    """What the address leads to."""

    SERVER = "server"
    SOCKET = "socket"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


#: Scheme -> what it leads to, and whether by TLS.
SCHEMES: dict[str, tuple[RedisKind, bool]] = {
    "redis": (RedisKind.SERVER, False),
    "rediss": (RedisKind.SERVER, True),
    "unix": (RedisKind.SOCKET, False),
    "valkey": (RedisKind.SERVER, False),
    "valkeys": (RedisKind.SERVER, True),
    "redis+sentinel": (RedisKind.SENTINEL, False),
    "rediss+sentinel": (RedisKind.SENTINEL, True),
    "redis+cluster": (RedisKind.CLUSTER, False),
    "rediss+cluster": (RedisKind.CLUSTER, True),
}
PORT, SENTINEL_PORT = 6379, 26_379
#: redis+sentinel://host:port without a service name asks for this one, as the sentinels' own examples do.
DEFAULT_SERVICE = "mymaster"
_DATABASE = whole(0, 999_999)
_VERIFY = one_of("none", "optional", "required", cert_none="none", cert_optional="optional", cert_required="required")
#: Folded name -> redis-py's name, and how its value is read.
KNOWN: dict[str, tuple[str, Reader]] = {
    "db": ("db", _DATABASE),
    "database": ("db", _DATABASE),
    "virtualhost": ("db", _DATABASE),
    "username": ("username", str),
    "user": ("username", str),
    "password": ("password", str),
    "protocol": ("protocol", lambda value: int(one_of("2", "3")(value))),
    "socketkeepalive": ("socket_keepalive", truth),
    "ssl": ("tls", truth),
    "tls": ("tls", truth),
    "sslcertreqs": ("ssl_cert_reqs", _VERIFY),
    "skipverify": ("ssl_cert_reqs", lambda value: "none" if truth(value) else "required"),
    "sslcheckhostname": ("ssl_check_hostname", truth),
    "sslcacerts": ("ssl_ca_certs", text),
    "sslcapath": ("ssl_ca_path", text),
    "sslcadata": ("ssl_ca_data", text),
    "sslcertfile": ("ssl_certfile", text),
    "sslkeyfile": ("ssl_keyfile", text),
    "sslpassword": ("ssl_password", text),
    "sslciphers": ("ssl_ciphers", text),
    "sentinelusername": ("sentinel_username", str),
    "sentinelpassword": ("sentinel_password", str),
}
#: Folded names that are ignored with a warning: what this program decides itself (deadlines, retries, pools, names,
#: encodings), and habits of other clients that mean nothing here.
IGNORED = names(
    "sockettimeout socketconnecttimeout socketreadsize retryontimeout retryonerror retry maxconnections healthcheckinterval",
    "timeout clientname libname libversion decoderesponses encoding encodingerrors errors charset legacyresponses",
    "singleconnectionclient",
    # go-redis and other pools
    "dialtimeout readtimeout writetimeout pooltimeout poolsize minidleconns maxidleconns maxactiveconns maxretries",
    "minretrybackoff maxretrybackoff connmaxidletime connmaxlifetime idletimeout idlecheckfrequency minsize maxsize maxidle",
    "minidle pool",
    # ioredis, node, Lettuce, Rails, Predis
    "family connecttimeout commandtimeout connectionname enablereadycheck enableofflinequeue maxretriesperrequest",
    "lazyconnect keepalive nodelay allowusernameinuri showfriendlyerrorstack autoresendunfulfilledcommands",
    "reconnectattempts libraryname libraryversion abortconnect readwritetimeout persistent tcpnodelay async keyprefix",
    "prefix globalkeyprefix namespace",
    # Celery
    "visibilitytimeout fanoutprefix fanoutpatterns",
)


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a Redis is and how to log in. `settings` are redis-py's arguments for the data servers' connections."""

    kind: RedisKind
    tls: bool
    hosts: tuple[Place, ...] = ()
    socket: str = ""
    service: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sentinel_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    ignored: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def read(cls, address: str) -> Self:
        """Take an address apart and check it. Raises ConfigError, a sentence without the address."""
        parts = taken_apart(address)
        if parts.scheme not in SCHEMES:
            raise ConfigError(f"it must begin with one of {', '.join(scheme + '://' for scheme in SCHEMES)}")
        kind, tls = SCHEMES[parts.scheme]
        options, ignored = sorted_out((*_login(parts), *_written(kind, parts), *parts.options), KNOWN, IGNORED)
        tls = options.pop("tls", tls) or tls
        sentinel = {name: options.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in options}
        if sentinel and kind is not RedisKind.SENTINEL:
            raise ConfigError("a sentinel's user and password go with redis+sentinel:// only")
        if not tls and any(name.startswith("ssl_") for name in options):
            raise ConfigError("it has options for TLS, but does not ask for TLS; begin it with rediss://")
        if kind is RedisKind.CLUSTER and options.pop("db", 0):
            raise ConfigError("a cluster has database 0 only")
        path = unquote(parts.path)
        if kind is RedisKind.SOCKET:
            return cls(kind, False, socket=path, settings=options, ignored=ignored)
        return cls(
            kind,
            tls,
            _hosts(kind, parts),
            service=(path.strip("/").partition("/")[0] or DEFAULT_SERVICE) if kind is RedisKind.SENTINEL else "",
            settings=options,
            # Files and checks of TLS are the same for the sentinels; names and passwords are not.
            sentinel_settings=sentinel | {name: value for name, value in options.items() if name.startswith("ssl_")},
            ignored=ignored,
        )


def _written(kind: RedisKind, parts: Parts) -> tuple[tuple[str, str], ...]:
    """The database that the path names, as an option. Raises ConfigError for a path that means nothing."""
    path = unquote(parts.path)
    if kind is RedisKind.SOCKET:
        if parts.places or not path.strip("/") or "\x00" in path:
            raise ConfigError("a socket is written unix:///path/of/the.sock")
        return ()
    segments = path.strip("/").split("/") if path.strip("/") else []
    if kind is RedisKind.SENTINEL:
        if segments and not segments[0].isprintable():
            raise ConfigError("the name of its service holds control characters")
        segments = segments[1:]
    if len(segments) > 1 or not all(segment.isascii() and segment.isdigit() for segment in segments):
        raise ConfigError("its database must be a number, as in redis://host:6379/0")
    return tuple(("db", segment) for segment in segments)


def _hosts(kind: RedisKind, parts: Parts) -> tuple[Place, ...]:
    several = kind in {RedisKind.SENTINEL, RedisKind.CLUSTER}
    if not several and "," in parts.places:
        raise ConfigError("it names several servers; begin it with redis+sentinel:// or redis+cluster://")
    text = parts.places
    if not several and (not text or text.startswith(":")):
        text = f"localhost{text}"
    return places(text, SENTINEL_PORT if kind is RedisKind.SENTINEL else PORT)


def _login(parts: Parts) -> tuple[tuple[str, str], ...]:
    user, _, password = parts.login.partition(":")
    return tuple((name, unquote(value)) for name, value in (("username", user), ("password", password)) if value)
