"""Configuration is read once, typed, and never tells a secret."""

import re
import tempfile
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.config import REDIS_PARTS, SECRETS, Config, variables
from prosepolish_core.errors import ConfigError
from tests.support.refusals import refusal


def test_nothing_set_is_a_usable_configuration() -> None:
    """With an empty environment every setting has a default."""
    config = Config.from_env({})

    assert set(config.targets()) == {"cache"}
    assert config.state_is_shared


def test_redis_parts_become_one_url() -> None:
    """REDIS_HOST and its kin are quoted into one URL."""
    config = Config.from_env({"REDIS_HOST": "db", "REDIS_PASSWORD": "a/b@c", "REDIS_TLS_ENABLED": "true", "REDIS_DB": "3"})

    assert config.redis_url.get_secret_value() == "rediss://:a%2Fb%40c@db:6379/3"


def test_a_secret_may_come_from_a_file(tmp_path: object) -> None:
    """NAME_FILE is read when NAME is not set."""
    path = f"{tmp_path}/key"
    with open(path, "w", encoding="utf-8") as file:
        file.write("hush\n")

    config = Config.from_env({"GEMINI_API_KEY_FILE": path})

    assert config.gemini_api_key is not None
    assert config.gemini_api_key.get_secret_value() == "hush"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "hush"),
        ("DATABASE_URL", "mysql://hush@x"),
        ("REDIS_URL", "hush://x"),
        ("REDIS_TARGETS", "hush"),
        ("DICTIONARY_API_URL", "file:///hush"),
        ("DATABASE_URL", "postgresql://u:hush@[::1/x"),
        ("REDIS_URL", "redis://:hush@host:hush/0"),
        ("REDIS_TARGETS", "a=redis://:hush@host:hush"),
    ],
)
def test_a_wrong_value_names_the_variable_and_hides_the_value(name: str, value: str) -> None:
    """A ConfigError names the variable, never its value."""
    with pytest.raises(ConfigError) as caught:
        Config.from_env({name: value})

    assert name in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_secret_is_in_no_representation() -> None:
    """Neither repr nor str of the configuration shows a password."""
    config = Config.from_env({"REDIS_URL": "redis://:hush@x/0", "DATABASE_URL": "postgresql://u:hush@x/y"})

    assert "hush" not in repr(config) + str(config)


def test_every_variable_has_a_description() -> None:
    """A setting without a description cannot be documented."""
    assert all(description for description, _ in variables().values())


#: Every variable that is read, with the parts of a Redis address and the files of secrets.
NAMES = sorted({*variables(), *REDIS_PARTS, *(f"{name}_FILE" for name in SECRETS)})
ODD = st.text(max_size=12) | st.sampled_from(
    [
        "nan",
        "inf",
        "-1",
        "0",
        "1e400",
        "9" * 5000,
        "\ud800",
        "\0",
        "a\nb",
        "´",
        "٣",
        "redis://",
        "a=redis://h",
        "postgresql://",
        "http://",
        "/",
    ]
)


@given(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=6))
def test_any_text_in_any_variable_is_a_configuration_or_one_sentence(env: dict[str, str]) -> None:
    """Whatever the variables hold, it is a Config or a ConfigError that names one of them;
    nothing else is ever raised.
    """
    if told := refusal(lambda: Config.from_env(env)):
        assert any(name.removesuffix("_FILE") in told for name in env)
    else:
        assert Config.from_env(env).targets()


@given(st.sampled_from(sorted(set(SECRETS) - {"REDIS_PASSWORD"})), st.text(max_size=8), st.text(max_size=8))
def test_a_secret_that_is_refused_is_not_shown(name: str, before: str, behind: str) -> None:
    """Whatever is wrong with it: neither the error nor the configuration shows it."""
    env = {name: f"{before}hush{behind}"}
    assert "hush" not in (refusal(lambda: Config.from_env(env)) or repr(Config.from_env(env)))


@pytest.mark.parametrize("name", ["REDIS_URL", "REDIS_STATE_URL", "DATABASE_URL", "DICTIONARY_API_URL", "GEMINI_API_KEY", "PORT"])
@pytest.mark.parametrize("shape", [" {} ", "{}\n", "\r\n{}\t", '"{}"', "' {}'", "\ufeff{}\u200b"])
def test_blanks_line_feeds_and_quotes_round_a_value_are_taken_off(name: str, shape: str) -> None:
    """They come with pasted text, with files and with docker's env files, and mean nothing."""
    plain = {"REDIS_URL": "redis://h/1", "REDIS_STATE_URL": "redis://s", "DATABASE_URL": "postgresql://h/x", "PORT": "9000"}
    value = plain.get(name, "http://h" if name.endswith("URL") else "key")
    assert Config.from_env({name: shape.format(value)}) == Config.from_env({name: value})


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"GEMINI_API_KEY": "hush\nhush"}, "GEMINI_API_KEY"),
        ({"GEMINI_API_KEY": "hush hush"}, "GEMINI_API_KEY"),
        ({"PROSEPOLISH_PEPPER": "hush"}, "PROSEPOLISH_PEPPER"),
        ({"PROSEPOLISH_ENCRYPTION_KEYS": "hush"}, "PROSEPOLISH_ENCRYPTION_KEYS"),
        ({"PROSEPOLISH_ENCRYPTION_KEYS": ","}, "PROSEPOLISH_ENCRYPTION_KEYS"),
        ({"PROSEPOLISH_KEEP_RAW_DAYS": "365"}, "PROSEPOLISH_KEEP_MINUTES_DAYS"),
        ({"REDIS_HOST": "redis://hush"}, "REDIS_HOST"),
        ({"REDIS_HOST": "h", "REDIS_PORT": "hush"}, "REDIS_PORT"),
        ({"REDIS_HOST": "h", "REDIS_DB": "²"}, "REDIS_DB"),
        ({"REDIS_HOST": "h", "REDIS_TLS_ENABLED": "hush"}, "REDIS_TLS_ENABLED"),
        ({"REDIS_TARGETS": "a=redis://h,a=redis://hush"}, "REDIS_TARGETS"),
        ({"GEMINI_API_ENDPOINT": "https://h/v1beta?key=hush"}, "GEMINI_API_KEY"),
        ({"DICTIONARY_API_URL": "https://u:hush@h"}, "DICTIONARY_API_URL"),
        ({"GEMINI_MODEL": "hush?hush"}, "GEMINI_MODEL"),
    ],
)
def test_what_a_setting_may_not_be_is_refused_when_it_is_read(env: dict[str, str], name: str) -> None:
    """Not at the first call that needs it; the sentence names the variable and hides the value."""
    with pytest.raises(ConfigError, match=name) as caught:
        Config.from_env(env)
    assert "hush" not in str(caught.value)


def test_the_parts_of_a_redis_address_are_read_as_orchestrators_write_them() -> None:
    """Kubernetes sets REDIS_PORT to an address for every service called redis;
    an IPv6 address needs brackets in a URL.
    """
    config = Config.from_env({"REDIS_HOST": "::1", "REDIS_PORT": "tcp://10.0.0.1:6380", "REDIS_TLS_ENABLED": "No"})
    assert config.redis_url.get_secret_value() == "redis://[::1]:6380/0"


def test_targets_may_have_several_hosts_each() -> None:
    """A comma before a name separates targets, any other one separates hosts."""
    config = Config.from_env({"REDIS_TARGETS": "a=redis+sentinel://h,i:1/main , b-2 = redis://j, c=unix:///k"})
    found = {name: secret.get_secret_value() for name, secret in config.targets().items() if name != "cache"}
    assert found == {"a": "redis+sentinel://h,i:1/main", "b-2": "redis://j", "c": "unix:///k"}


def test_the_same_server_written_in_two_ways_is_shared() -> None:
    """State and cache are one when host, port, database and log-in are, however they are written."""
    shared = {"REDIS_URL": "redis://h", "REDIS_STATE_URL": "valkey://h:6379/?socket_timeout=5"}
    assert Config.from_env(shared).state_is_shared
    assert not Config.from_env(shared | {"REDIS_STATE_URL": "redis://h/1"}).state_is_shared


def test_what_is_ignored_is_told() -> None:
    """One sentence for each setting that holds options of other programs."""
    config = Config.from_env(
        {"DATABASE_URL": "postgresql://h/x?pgbouncer=true&connection_limit=1", "REDIS_URL": "redis://h?maxRetries=3"}
    )
    assert [told.split(" means")[0] for told in config.ignored] == [
        "REDIS_URL: maxRetries",
        "DATABASE_URL: pgbouncer, connection_limit",
    ]


@pytest.mark.parametrize(("given_level", "level"), [("info", "INFO"), ("Warn", "WARNING"), ("ERROR", "ERROR")])
def test_words_are_read_in_any_case(given_level: str, level: str) -> None:
    """LOG_LEVEL and LOG_FORMAT as other programs write them."""
    config = Config.from_env({"LOG_LEVEL": given_level, "LOG_FORMAT": "JSON"})
    assert (config.log_level, config.log_format) == (level, "json")


def test_a_password_with_blanks_arrives_as_it_is(tmp_path: Path) -> None:
    """Blanks in a Redis password are part of it, given in parts or in a file; only the file's line end is not."""
    (tmp_path / "password").write_text(" correct horse \n", encoding="utf-8")
    config = Config.from_env({"REDIS_HOST": "db", "REDIS_PASSWORD_FILE": str(tmp_path / "password")})

    kwargs = redis.ConnectionPool.from_url(config.redis_url.get_secret_value()).connection_kwargs
    assert kwargs["password"] == " correct horse "


@given(st.binary(max_size=200))
def test_any_file_as_a_secret_is_one_line_of_text_or_one_sentence(data: bytes) -> None:
    """Whatever bytes a secret's file holds: its text is taken, or a ConfigError names the variable;
    nothing else is raised.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            key = Config.from_env({"GEMINI_API_KEY_FILE": file.name}).gemini_api_key
            told = "taken"
        except ConfigError as error:
            told = str(error)
    if told == "taken":
        assert (key.get_secret_value() if key else "") == data.decode("utf-8-sig").strip()
    else:
        assert re.search("GEMINI_API_KEY_FILE .*one line of text|GEMINI_API_KEY: a key has printable", told)


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/", "/dev/zero", "a\0b"])
def test_a_secret_file_that_is_no_file_is_one_sentence(path: str) -> None:
    """A missing file, a folder, a device without an end and a path that is none."""
    with pytest.raises(ConfigError, match="DATABASE_URL_FILE"):
        Config.from_env({"DATABASE_URL_FILE": path})
