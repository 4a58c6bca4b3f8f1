"""Configuration: one frozen object, built once from the environment. Nothing else reads the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from .errors import ConfigError

REDIS_SCHEMES = ("redis", "rediss", "unix", "valkey", "valkeys", "redis+sentinel", "redis+cluster", "rediss+cluster")
DICTIONARY_API = "https://api.dictionaryapi.dev"
GEMINI_API = "https://generativelanguage.googleapis.com"
#: Variables that may hold a secret; each is also read from the file that `<NAME>_FILE` names.
SECRETS = (
    "REDIS_URL",
    "REDIS_PASSWORD",
    "REDIS_STATE_URL",
    "DATABASE_URL",
    "GEMINI_API_KEY",
    "PROSEPOLISH_PEPPER",
    "PROSEPOLISH_ENCRYPTION_KEYS",
)


def _env(name: str, default: Any, description: str, **limits: Any) -> Any:
    return Field(default, validation_alias=AliasChoices(name), description=description, **limits)


class Config(BaseModel):
    """Every setting, typed. Secrets are SecretStr: they never appear in a repr, a log line or an error."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True)

    redis_url: SecretStr = _env(
        "REDIS_URL",
        SecretStr("redis://127.0.0.1:6379/0"),
        "The cache: redis:// rediss:// unix:// valkey:// redis+sentinel:// redis+cluster://",
    )
    redis_state_url: SecretStr | None = _env(
        "REDIS_STATE_URL",
        None,
        "Sessions and limits: a server that never evicts. Default: the same as REDIS_URL, with a warning verdict",
    )
    redis_targets: str = _env("REDIS_TARGETS", "", "Further instances to observe: name=url, separated by commas")
    database_url: SecretStr = _env(
        "DATABASE_URL", SecretStr("postgresql://127.0.0.1:5432/prosepolish"), "PostgreSQL 15 or newer: tier 2 and the time series"
    )
    dictionary_api_url: str = _env("DICTIONARY_API_URL", DICTIONARY_API, "Base address of the Free Dictionary API")
    dictionary_per_s: Annotated[float, Field(gt=0, le=10_000)] = _env(
        "PROSEPOLISH_DICTIONARY_PER_S",
        1.2,
        "Requests a second that all expected workers together may send to the dictionary API; its limit is 450 in 5 minutes",
    )
    gemini_api_key: SecretStr | None = _env(
        "GEMINI_API_KEY", None, "Key of the Gemini API; without it tier 4 is off (or a stand-in in the demo)"
    )
    gemini_model: str = _env("GEMINI_MODEL", "gemini-3.5-flash-lite", "Model that corrects texts")
    gemini_api_endpoint: str = _env("GEMINI_API_ENDPOINT", GEMINI_API, "Base address of the Gemini REST API, scheme included")
    gemini_backend: Literal["google-generativeai", "google-genai"] = _env(
        "GEMINI_BACKEND", "google-generativeai", "Which SDK talks to Gemini"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _env("LOG_LEVEL", "INFO", "Lowest level that is logged")
    log_format: Literal["json", "console"] = _env("LOG_FORMAT", "json", "One JSON object a line, or text for people")
    port: Annotated[int, Field(ge=1, le=65535)] = _env("PORT", 8501, "Port of the dashboard")
    interval_s: Annotated[float, Field(ge=0.5, le=3600)] = _env(
        "PROSEPOLISH_INTERVAL_S", 10.0, "Seconds between two INFO collections"
    )
    keep_raw_days: Annotated[int, Field(ge=1, le=3650)] = _env(
        "PROSEPOLISH_KEEP_RAW_DAYS", 7, "Days for which samples are kept as they were read"
    )
    keep_minutes_days: Annotated[int, Field(ge=1, le=3650)] = _env(
        "PROSEPOLISH_KEEP_MINUTES_DAYS", 90, "Days for which minute roll-ups are kept; at least as long as samples"
    )
    keep_hours_days: Annotated[int, Field(ge=1, le=36_500)] = _env(
        "PROSEPOLISH_KEEP_HOURS_DAYS", 730, "Days for which hour roll-ups are kept; at least as long as minute roll-ups"
    )
    flush_s: Annotated[float, Field(ge=0.1, le=300)] = _env("PROSEPOLISH_FLUSH_S", 5.0, "Seconds between two telemetry flushes")
    redis_timeout_s: Annotated[float, Field(ge=0.005, le=10)] = _env(
        "PROSEPOLISH_REDIS_TIMEOUT_S", 0.05, "Deadline of one Redis call on the live path"
    )
    pool_size: Annotated[int, Field(ge=1, le=1000)] = _env(
        "PROSEPOLISH_POOL_SIZE",
        32,
        "Most Redis connections of one process to one server; below 16 it may take a few more than this",
    )
    database_pool_size: Annotated[int, Field(ge=2, le=200)] = _env(
        "PROSEPOLISH_DATABASE_POOL_SIZE",
        8,
        "Most PostgreSQL connections in the common pool of one process; words, users and telemetry have about as many again",
    )
    expected_workers: Annotated[int, Field(ge=1, le=10_000)] = _env(
        "PROSEPOLISH_EXPECTED_WORKERS", 1, "Processes that share a limit; each gets its share while Redis is away"
    )
    session_absolute_s: Annotated[int, Field(ge=60, le=366 * 86_400)] = _env(
        "PROSEPOLISH_SESSION_ABSOLUTE_S", 7 * 86_400, "Seconds after which a session ends, used or not"
    )
    session_idle_s: Annotated[int, Field(ge=60, le=366 * 86_400)] = _env(
        "PROSEPOLISH_SESSION_IDLE_S", 3 * 86_400, "Seconds without use after which a session ends; at most the absolute limit"
    )
    pepper: SecretStr | None = _env(
        "PROSEPOLISH_PEPPER", None, "Key of the hash under which session tokens are stored; at least 32 characters"
    )
    encryption_keys: SecretStr | None = _env(
        "PROSEPOLISH_ENCRYPTION_KEYS",
        None,
        "Fernet-style keys, newest first, separated by commas: seals families with personal text",
    )
    stand_ins: str = _env(
        "PROSEPOLISH_STAND_INS", "", "Set by the demo: names of upstreams that are stand-ins, separated by commas"
    )
    embedded: str = _env("PROSEPOLISH_EMBEDDED", "", "Set by the demo: names of servers that run embedded, separated by commas")
    data_dir: Path = _env("PROSEPOLISH_DATA_DIR", Path(".prosepolish"), "Where the demo keeps its data and collectors their spool")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Build from the process environment (or the mapping given). Raises ConfigError naming the variables at fault."""
        env = dict(os.environ if environ is None else environ)
        values = {name: env[name] for name in variables() if env.get(name, "") != ""}
        values |= _from_files(env, values)
        if "REDIS_URL" not in values and (parts := _url_from_parts(env, values)):
            values["REDIS_URL"] = parts
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            faults = "; ".join(
                # What our own checks say names its variables already.
                ": ".join([*map(str, e["loc"]), e["msg"].removeprefix("Value error, ")])
                for e in error.errors(include_input=False, include_url=False)
            )
            raise ConfigError(f"the configuration is not usable: {faults}") from None

    @model_validator(mode="after")
    def _addresses_are_addresses(self) -> Self:
        for name, secret in (("REDIS_URL", self.redis_url), ("REDIS_STATE_URL", self.redis_state_url)):
            if secret and _scheme(name, secret.get_secret_value()) not in REDIS_SCHEMES:
                raise ValueError(f"{name} must begin with one of {', '.join(s + '://' for s in REDIS_SCHEMES)}")
        if _scheme("DATABASE_URL", self.database_url.get_secret_value()) not in {"postgresql", "postgres"}:
            raise ValueError("DATABASE_URL must begin with postgresql://")
        for name, url in (("DICTIONARY_API_URL", self.dictionary_api_url), ("GEMINI_API_ENDPOINT", self.gemini_api_endpoint)):
            if _scheme(name, url) not in {"http", "https"} or not urlsplit(url).hostname:
                raise ValueError(f"{name} must be an http:// or https:// address")
        if self.pepper and len(self.pepper.get_secret_value()) < 32:
            raise ValueError("PROSEPOLISH_PEPPER needs at least 32 characters")
        self.targets()
        return self

    @property
    def state_url(self) -> SecretStr:
        """Where sessions and limits live: REDIS_STATE_URL, or the cache itself."""
        return self.redis_state_url or self.redis_url

    @property
    def state_is_shared(self) -> bool:
        """Whether sessions and limits share the cache's server (which may evict them)."""
        return self.state_url.get_secret_value() == self.redis_url.get_secret_value()

    def targets(self) -> dict[str, SecretStr]:
        """Instances the collectors observe: `cache`, `state` when it is another server, and REDIS_TARGETS."""
        found = {"cache": self.redis_url}
        if not self.state_is_shared:
            found["state"] = self.state_url
        for part in filter(None, (p.strip() for p in self.redis_targets.split(","))):
            name, _, url = part.partition("=")
            if not name.replace("-", "").replace("_", "").isalnum() or _scheme("REDIS_TARGETS", url) not in REDIS_SCHEMES:
                raise ValueError("REDIS_TARGETS must be name=url pairs separated by commas")
            found[name] = SecretStr(url)
        return found

    def stand_in_names(self) -> tuple[str, ...]:
        """Upstreams that are stand-ins, for the banner."""
        return tuple(filter(None, self.stand_ins.split(",")))

    def embedded_names(self) -> tuple[str, ...]:
        """Servers that run embedded, for the status screen and the banner."""
        return tuple(filter(None, self.embedded.split(",")))


def _scheme(name: str, address: str) -> str:
    """How the address begins. One that cannot be read at all is a ValueError that names its variable, never its value."""
    try:
        parts = urlsplit(address)
        if "," not in parts.netloc:  # several servers, each with a port of its own
            _ = parts.port
    except ValueError:
        raise ValueError(f"{name} is no address: its host or its port cannot be read") from None
    return parts.scheme


def variables() -> dict[str, tuple[str, Any]]:
    """Environment name -> (description, default) of every setting, in order. `.env.example` is held to this table."""
    found = {}
    for field in Config.model_fields.values():
        alias = field.validation_alias
        assert isinstance(alias, AliasChoices)  # noqa: S101 - every field is made by _env
        found[str(alias.choices[0])] = (field.description or "", field.default)
    return found


def _from_files(env: Mapping[str, str], already: Mapping[str, str]) -> dict[str, str]:
    """Secrets given as NAME_FILE. A NAME set directly wins."""
    found = {}
    for name in SECRETS:
        path = env.get(f"{name}_FILE")
        if path and name not in already:
            try:
                found[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigError(f"{name}_FILE names a file that cannot be read: {error.strerror}") from None
    return found


def _url_from_parts(env: Mapping[str, str], secrets: Mapping[str, str]) -> str | None:
    """The reference's REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, REDIS_DB and REDIS_TLS_ENABLED as one URL."""
    host = env.get("REDIS_HOST")
    if not host:
        return None
    password = env.get("REDIS_PASSWORD") or secrets.get("REDIS_PASSWORD", "")
    tls = env.get("REDIS_TLS_ENABLED", "").lower() in {"1", "true", "yes", "on"}
    port, database = env.get("REDIS_PORT") or "6379", env.get("REDIS_DB") or "0"
    if not (port.isdigit() and database.isdigit()):
        raise ConfigError("REDIS_PORT and REDIS_DB must be whole numbers")
    return f"{'rediss' if tls else 'redis'}://{':' + quote(password, safe='') + '@' if password else ''}{host}:{port}/{database}"


def process_environment() -> dict[str, str]:
    """A copy of the process environment, for the demo's supervisor: what it passes on to the processes it starts."""
    return dict(os.environ)
