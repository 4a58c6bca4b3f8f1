"""Configuration is read once, typed, and never tells a secret."""

import pytest

from prosepolish_core.config import Config, variables
from prosepolish_core.errors import ConfigError


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
