"""Configuration: one frozen object, built once from the environment. Nothing else reads the environment."""

import os
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from .addresses.as_written import redis_url_from_parts, tidied
from .addresses.postgres_address import read_postgres_address
from .addresses.redis_address import RedisAddress
from .addresses.secret_file import secret_in
from .addresses.upstream_address import DICTIONARY_PATH, GEMINI_PATH, base_of, check_web_address
from .errors import ConfigError
from .setting import setting as _env
from .sign_in_settings import SignInSettings

DICTIONARY_API = "https://api.dictionaryapi.dev"
GEMINI_API = "https://generativelanguage.googleapis.com"
#: Variables that may hold a secret; each is also read from the file that `<NAME>_FILE` names.
SECRETS = (
    "REDIS_URL",
    "REDIS_PASSWORD",
    "REDIS_STATE_URL",
    "REDIS_TARGETS",
    "DATABASE_URL",
    "GEMINI_API_KEY",
    "PROSEPOLISH_PEPPER",
    "PROSEPOLISH_ENCRYPTION_KEYS",
    "PROSEPOLISH_ALERT_URLS",
    "PROSEPOLISH_ALERT_WEBHOOK_URL",
    "PROSEPOLISH_ALERT_WEBHOOK_SECRET",
    "PROSEPOLISH_HEARTBEAT_URL",
    "PROSEPOLISH_METRICS_TOKEN",
    "PROSEPOLISH_OIDC_CLIENT_SECRET",
    "PROSEPOLISH_COOKIE_SECRET",
)
#: The reference's parts of REDIS_URL.
REDIS_PARTS = ("REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "REDIS_DB", "REDIS_TLS_ENABLED")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_NAME = re.compile(r"[\w-]{1,64}")
#: A comma, then a name and the beginning of its address.
_NEXT_NAME = re.compile(r",(?=\s*[\w-]+\s*=\s*[a-z+]+://)")


class Config(SignInSettings):
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
    redis_targets: SecretStr = _env("REDIS_TARGETS", SecretStr(""), "Further instances to observe: name=url, separated by commas")
    redis_settings: Path | None = _env(
        "PROSEPOLISH_REDIS_SETTINGS",
        None,
        "File written by `prosepolish export redis-settings`, for collectors whose user may not use CONFIG GET",
    )
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
    alert_urls: SecretStr | None = _env(
        "PROSEPOLISH_ALERT_URLS", None, "Who is told of incidents: addresses as apprise writes them, separated by blanks"
    )
    alert_webhook_url: SecretStr | None = _env(
        "PROSEPOLISH_ALERT_WEBHOOK_URL", None, "A webhook that is told of incidents, in Alertmanager's format"
    )
    alert_webhook_secret: SecretStr | None = _env(
        "PROSEPOLISH_ALERT_WEBHOOK_SECRET", None, "Signs what the webhook is sent (HMAC-SHA256)"
    )
    alert_rules: Path | None = _env("PROSEPOLISH_ALERT_RULES", None, "A TOML file that changes alert rules; see docs/alerts.md")
    heartbeat_url: SecretStr | None = _env(
        "PROSEPOLISH_HEARTBEAT_URL", None, "Called each minute by the collectors, so that an outside service notices their end"
    )
    allowed_hosts: str = _env(
        "PROSEPOLISH_ALLOWED_HOSTS", "", "Further names under which the dashboard may be asked, separated by commas"
    )
    metrics_token: SecretStr | None = _env(
        "PROSEPOLISH_METRICS_TOKEN", None, "Whoever asks for /metrics or /readyz must show this as a bearer token"
    )
    open_to_network: bool = _env(
        "PROSEPOLISH_OPEN_TO_NETWORK",
        False,
        "Lets the dashboard listen beyond loopback where something else signs people in",
    )
    stand_ins: str = _env(
        "PROSEPOLISH_STAND_INS", "", "Set by the demo: names of upstreams that are stand-ins, separated by commas"
    )
    embedded: str = _env("PROSEPOLISH_EMBEDDED", "", "Set by the demo: names of servers that run embedded, separated by commas")
    faults_url: str = _env("PROSEPOLISH_FAULTS_URL", "", "Set by the demo: where its stand-ins are told what to do wrong")
    data_dir: Path = _env("PROSEPOLISH_DATA_DIR", Path(".prosepolish"), "Where demo, collectors and ledger keep data")

    prices: Path | None = _env(
        "PROSEPOLISH_PRICES", None, "A TOML file of prices that go before the published ones; see docs/savings.md"
    )
    cache_usd: Annotated[Decimal, Field(ge=0, le=10**9)] = _env(
        "PROSEPOLISH_CACHE_USD", Decimal(0), "What Redis and PostgreSQL cost a month for this, in US dollars; feeds Net on Savings"
    )
    hold_out: Annotated[float, Field(ge=0, le=0.05)] = _env(
        "PROSEPOLISH_HOLD_OUT",
        0.0,
        "Share of correction hits that are called all the same, to measure what hits save: 0.005 to 0.01 is enough",
    )
    provenance: Literal["", "live", "stand-in", "test", "simulated"] = _env(
        "PROSEPOLISH_PROVENANCE",
        "",
        "Mark of this process's LLM calls in the ledger. Default: live, or stand-in by its address",
    )

    #: What was left out of the settings, one sentence each.
    _ignored: tuple[str, ...] = PrivateAttr(())

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Build from the process environment (or the mapping given).

        Raises ConfigError naming the variables at fault.
        """
        env = dict(os.environ if environ is None else environ)
        values = {name: text for name in (*variables(), *REDIS_PARTS) if (text := tidied(name, env.get(name, "")))}
        values |= _from_files(env, values)
        if "REDIS_URL" not in values and (url := redis_url_from_parts(values)):
            values["REDIS_URL"] = url
        ignored: list[str] = []
        try:
            config = cls.model_validate(values, context=ignored)
        except ValidationError as error:
            faults = "; ".join(
                # What our own checks say of several settings names its variables already.
                ": ".join([*map(str, e["loc"]), e["msg"].removeprefix("Value error, ")])
                for e in error.errors(include_input=False, include_url=False)
            )
            raise ConfigError(f"the configuration is not usable: {faults}") from None
        config._ignored = tuple(ignored)  # noqa: SLF001 - its own
        return config

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _in_any_case(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        return value.lower() if info.field_name == "log_format" else {"WARN": "WARNING"}.get(value.upper(), value.upper())

    @field_validator("redis_url", "redis_state_url")
    @classmethod
    def _redis_address(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            _note(info, "REDIS_URL" if info.field_name == "redis_url" else "REDIS_STATE_URL", _read_redis(value).ignored)
        return value

    @field_validator("redis_targets")
    @classmethod
    def _redis_targets(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        for address in named_addresses(value.get_secret_value()).values():
            _note(info, "REDIS_TARGETS", RedisAddress.read(address).ignored)
        return value

    @field_validator("database_url")
    @classmethod
    def _database_address(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        address = read_postgres_address(value.get_secret_value())
        _note(info, "DATABASE_URL", address.ignored)
        return SecretStr(address.url)

    @field_validator("dictionary_api_url")
    @classmethod
    def _dictionary_address(cls, value: str) -> str:
        return base_of(value, DICTIONARY_PATH)

    @field_validator("gemini_api_endpoint")
    @classmethod
    def _gemini_address(cls, value: str) -> str:
        return base_of(value, GEMINI_PATH, "; the key goes into GEMINI_API_KEY")

    @field_validator("gemini_api_key")
    @classmethod
    def _goes_into_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all("!" <= character <= "~" for character in value.get_secret_value()):
            raise ValueError("a key has printable ASCII characters only, and no blanks")
        return value

    @field_validator("gemini_model")
    @classmethod
    def _goes_into_a_path(cls, value: str) -> str:
        if not _MODEL.fullmatch(value):
            raise ValueError("a model's name has letters, digits and . _ - / only")
        return value

    @field_validator("pepper")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("it needs at least 32 characters")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys_of_32_bytes(cls, value: SecretStr | None) -> SecretStr | None:
        keys = [part.strip() for part in value.get_secret_value().split(",") if part.strip()] if value is not None else []
        try:
            fits = all(len(urlsafe_b64decode(key)) == 32 for key in keys)
        except ValueError:
            fits = False
        if not fits or (value is not None and not keys):
            raise ValueError("it must be keys of 32 bytes in URL-safe base64, newest first, separated by commas")
        return value

    @field_validator("faults_url")
    @classmethod
    def _faults_address(cls, value: str) -> str:
        if value:
            check_web_address(value)
        return value

    @field_validator("alert_webhook_url", "heartbeat_url")
    @classmethod
    def _web_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value():
            check_web_address(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if not self.keep_raw_days <= self.keep_minutes_days <= self.keep_hours_days:
            raise ValueError(
                "PROSEPOLISH_KEEP_MINUTES_DAYS must be at least PROSEPOLISH_KEEP_RAW_DAYS, "
                "and PROSEPOLISH_KEEP_HOURS_DAYS at least PROSEPOLISH_KEEP_MINUTES_DAYS"
            )
        return self

    @property
    def ignored(self) -> tuple[str, ...]:
        """Options in the settings that mean nothing here and were left out, one sentence each."""
        return self._ignored

    @property
    def state_url(self) -> SecretStr:
        """Where sessions and limits live: REDIS_STATE_URL, or the cache itself."""
        return self.redis_state_url or self.redis_url

    @property
    def state_is_shared(self) -> bool:
        """Whether sessions and limits share the cache's server and database (which may evict them)."""
        return self.redis_state_url is None or _read_redis(self.redis_state_url) == _read_redis(self.redis_url)

    def targets(self) -> dict[str, SecretStr]:
        """Instances the collectors observe: `cache`, `state` when it is another server, and REDIS_TARGETS."""
        found = {"cache": self.redis_url}
        if not self.state_is_shared:
            found["state"] = self.state_url
        named = named_addresses(self.redis_targets.get_secret_value())
        return found | {name: SecretStr(address) for name, address in named.items()}

    def stand_in_names(self) -> tuple[str, ...]:
        """Upstreams that are stand-ins, for the banner."""
        return tuple(filter(None, self.stand_ins.split(",")))

    def embedded_names(self) -> tuple[str, ...]:
        """Servers that run embedded, for the status screen and the banner."""
        return tuple(filter(None, self.embedded.split(",")))


def named_addresses(text: str) -> dict[str, str]:
    """`name=url,name=url` taken apart; a comma inside an address separates its hosts. Raises ConfigError."""
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, _NEXT_NAME.split(text))):
        name, _, address = part.rstrip(", ").partition("=")
        name = name.strip()
        if not _NAME.fullmatch(name) or "://" not in address:
            raise ConfigError("it must be name=url pairs, separated by commas")
        if name in found:
            raise ConfigError("it names one instance twice")
        found[name] = address.strip()
        RedisAddress.read(found[name])
    return found


def _read_redis(address: SecretStr) -> RedisAddress:
    return RedisAddress.read(address.get_secret_value())


def _note(info: ValidationInfo, variable: str, names: tuple[str, ...]) -> None:
    """Tell who reads the environment what was left out."""
    if names and info.context is not None:
        info.context.append(f"{variable}: {', '.join(names)} means nothing here and is ignored")


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
        path = tidied(f"{name}_FILE", env.get(f"{name}_FILE", ""))
        if path and name not in already:
            secret = secret_in(f"{name}_FILE", Path(path))
            # Only in a bare password a blank at an end may be meant; in an address or a key an editor has left it
            # there.
            if secret := secret if name == "REDIS_PASSWORD" else secret.strip():
                found[name] = secret
    return found


def process_environment() -> dict[str, str]:
    """A copy of the process environment, for the demo's supervisor: what it passes on to the processes it starts."""
    return dict(os.environ)
