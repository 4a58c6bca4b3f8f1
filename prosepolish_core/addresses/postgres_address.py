"""DATABASE_URL: what SQLAlchemy, Django, Prisma, JDBC and others write, as libpq reads it."""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

from ..errors import ConfigError
from .options import Reader, names, one_of, sorted_out, text, truth, whole
from .parts import QUOTING, host_and_port, taken_apart

#: Families of schemes; what follows a + is the name of somebody's driver.
SCHEMES = frozenset({"postgresql", "postgres", "pgsql", "psql", "postgis"})
#: What libpq refuses in an address.
_UNQUOTED = re.compile(r"\s|%(?![0-9A-Fa-f]{2})")
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TLS = {"true": "require", "1": "require", "on": "require", "yes": "require", "no-verify": "require"}
_SSLMODE = one_of(*_MODES, **_TLS, false="disable", **{"0": "disable", "off": "disable", "no": "disable"})
_PATH = re.compile(r"[^\s,;\\'\"\x00-\x1f]+")


def _schema(value: str) -> str:
    """One schema as a setting of the server: quoted, because Prisma and JDBC mean the name as it is written."""
    if not _PATH.fullmatch(value):
        raise ConfigError("must be the name of one schema")
    return f'-c search_path="{value}"'


def _search_path(value: str) -> str:
    names = value.replace(" ", "").split(",")
    if not all(_PATH.fullmatch(name[1:-1] if name[:1] == name[-1:] == '"' else name) for name in names):
        raise ConfigError("must be names of schemas, separated by commas")
    return f"-c search_path={','.join(names)}"


#: Folded name -> libpq's name, and how its value is read.
KNOWN: dict[str, tuple[str, Reader]] = {
    **{
        name.replace("_", ""): (name, text)
        for name in (
            "host", "hostaddr", "dbname", "user", "password", "passfile", "service", "options", "sslcert", "sslkey", "sslpassword",
            "sslrootcert", "sslcrl", "sslcrldir", "requirepeer", "require_auth", "krbsrvname", "gsslib", "scram_client_key",
            "scram_server_key",
        )
    },
    "port": ("port", whole(1, 65_535)),
    "sslmode": ("sslmode", _SSLMODE),
    "ssl": ("sslmode", _SSLMODE),
    "sslrequire": ("sslmode", lambda value: "require" if truth(value) else "prefer"),
    "sslnegotiation": ("sslnegotiation", one_of("postgres", "direct")),
    "sslcertmode": ("sslcertmode", one_of("disable", "allow", "require")),
    "sslsni": ("sslsni", lambda value: int(truth(value))),
    "sslminprotocolversion": ("ssl_min_protocol_version", one_of("TLSv1.2", **{"tlsv1.2": "TLSv1.2", "tlsv1.3": "TLSv1.3"})),
    "channelbinding": ("channel_binding", one_of("disable", "prefer", "require")),
    "gssencmode": ("gssencmode", one_of("disable", "prefer", "require")),
    "targetsessionattrs": (
        "target_session_attrs", one_of("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
    ),
    "targetservertype": ("target_session_attrs", one_of("any", "primary", master="primary")),
    "loadbalancehosts": ("load_balance_hosts", one_of("disable", "random", false="disable", true="random")),
    "keepalives": ("keepalives", lambda value: int(truth(value))),
    "keepalivesidle": ("keepalives_idle", whole(0, 86_400)),
    "keepalivesinterval": ("keepalives_interval", whole(0, 86_400)),
    "keepalivescount": ("keepalives_count", whole(0, 1000)),
    "schema": ("search_path", _schema),
    "currentschema": ("search_path", _schema),
    "searchpath": ("search_path", _search_path),
    "schemasearchpath": ("search_path", _search_path),
}  # fmt: skip
#: Folded names that are ignored with a warning: what this program decides itself (deadlines, pools, its name, UTF-8,
#: UTC), and habits of other clients that mean nothing here.
IGNORED = names(
    "connecttimeout applicationname fallbackapplicationname tcpusertimeout clientencoding statementtimeout locktimeout",
    "idleintransactionsessiontimeout timezone",
    # Prisma, Vercel, Supabase
    "pgbouncer connectionlimit pooltimeout sockettimeout statementcachesize singleuseconnections sslaccept sslidentity",
    "maxidleconnectionlifetime maxconnectionlifetime workaround supa uselibpqcompat",
    # SQLAlchemy, asyncpg, Django
    "poolsize maxoverflow poolpreping poolrecycle poolclass echo preparedstatementcachesize preparedstatementnamefunc",
    "commandtimeout timeout minsize maxsize asyncfallback connmaxage connhealthchecks disableserversidecursors",
    "atomicrequests preparethreshold",
    # JDBC
    "rewritebatchedinserts logintimeout tcpkeepalive stringtype preferquerymode binarytransfer assumeminserverversion",
    "defaultrowfetchsize loglevel loadbalancetimeout readonly",
    # Rails, Ecto, Go, Node
    "pool preparedstatements advisorylocks encoding reapingfrequency checkouttimeout idletimeout adapter minmessages",
    "queuetarget queueinterval poolmaxconns poolminconns poolmaxconnlifetime poolmaxconnidletime poolhealthcheckperiod",
    "poolmaxconnlifetimejitter defaultqueryexecmode statementcachecapacity descriptioncachecapacity binaryparameters",
    "keepalive maxconnections minconnections connectionlifetime pooling max min maxlifetime acquiretimeout",
)


class PostgresAddress(NamedTuple):
    """The address for libpq, with a scheme and options that it knows,
    and the names of the options that were left out.
    """

    url: str
    ignored: tuple[str, ...] = ()


def options_in(url: str) -> str:
    """What an address for libpq hands to the server at the start."""
    found = (part.partition("=") for part in url.partition("?")[2].split("&"))
    return next((unquote(value) for name, _, value in found if name == "options"), "")


def read_postgres_address(address: str) -> PostgresAddress:
    """Check an address and write it for libpq. Raises ConfigError, a sentence without the address."""
    address = address.removeprefix("jdbc:")
    parts = taken_apart(address)
    if parts.scheme.partition("+")[0] not in SCHEMES:
        raise ConfigError("it must begin with postgresql://")
    written = f"{parts.login}{parts.places}{parts.path}"
    if _UNQUOTED.search(written) or "%00" in written:
        raise ConfigError("it holds a blank or a bare %; write them as %20 and %25")
    try:
        unquote(written, errors="strict")
    except UnicodeDecodeError:
        raise ConfigError("what its % stand for is not text in UTF-8") from None
    if "@" in parts.login:  # libpq takes the first one for the end of the log-in
        raise ConfigError(f"it holds more than one @; {QUOTING}")
    for place in parts.places.split(","):
        host_and_port(place)  # libpq reads them; here they are only checked
    options, ignored = sorted_out(parts.options, KNOWN, IGNORED)
    if path := options.pop("search_path", ""):
        options["options"] = f"{options.get('options', '')} {path}".strip()
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in options.items())
    login = f"{parts.login}@" if parts.login else ""
    return PostgresAddress(f"postgresql://{login}{parts.places}{parts.path}{'?' if query else ''}{query}", ignored)
