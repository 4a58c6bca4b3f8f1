"""docker-compose.yml: valid, closed, and every service works when its literal command runs on this machine."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from redis.exceptions import AuthenticationError, NoPermissionError

from benchmarks._compose import COMPOSE, OPEN, SERVERS, Stack, image_command
from benchmarks._redis_versions import command_line, installed

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, Any] = COMPOSE["services"]
#: Versions that understand the files: redis.conf says "Redis 7.0 or newer".
PROGRAMS = {name: path for name, path in installed().items() if name != "redis-6.2"}


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
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert set(published) == {"dashboard"}
    assert all(port.startswith("127.0.0.1:") for port in published["dashboard"])


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_closed_in(service: str) -> None:
    """Read-only, without capabilities, never root: its image's user, or one that is named."""
    spec = SERVICES[service]
    assert (spec["read_only"], spec["cap_drop"], spec["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    ours = spec["image"] == "prosepolish:latest"
    assert spec.get("user") in ({None} if ours else {"999", "postgres"})
    assert "\nUSER prosepolish\n" in (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_is_in_the_environment(service: str) -> None:
    """Passwords, and addresses that hold one, come as files that the service mounts,
    and each file is one that is made.
    """
    environment = SERVICES[service].get("environment", {})
    mounted = {s if isinstance(s, str) else s["target"] for s in SERVICES[service].get("secrets", ())}
    named = {value.rpartition("/")[2] for value in environment.values() if str(value).startswith("/run/secrets/")}
    assert named == mounted - {"redis-users"}
    secret = {name for name in environment if name.endswith(("PASSWORD", "_URL", "PEPPER", "COOKIE_SECRET", "_TOKEN"))}
    assert secret <= {"DICTIONARY_API_URL", "PROSEPOLISH_DASHBOARD_URL", "PROSEPOLISH_OIDC_URL"}


def test_every_secret_is_made_by_the_script(stack: Stack) -> None:
    """What compose mounts is there after `sh deploy/make-secrets`."""
    assert {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} <= set(os.listdir(stack.folder / "secrets"))


def test_every_file_the_image_copies_exists() -> None:
    """The Dockerfile copies nothing that is not in the tree."""
    lines = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").splitlines()
    sources = [word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]]
    assert sources
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_image_serves_the_dashboard() -> None:
    """The dashboard names no command of its own: it is what the image does."""
    assert "command" not in SERVICES["dashboard"]
    assert image_command()[:5] == ["python", "-m", "streamlit", "run", "app.py"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The servers, started by hand; the schema made."""
    if command_line() is None:
        pytest.skip("no redis-cli on this machine, which the health checks use")
    made = Stack(tmp_path_factory.mktemp("compose") / "stack")
    try:
        for service in SERVERS:
            made.start(service)
        for service in SERVERS:
            made.wait(service)
        assert made.run("migrate") == 0
        yield made
    finally:
        made.close()


@pytest.mark.live
@pytest.mark.skipif(command_line() is None, reason="no redis-cli on this machine")
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("service", ["redis", "redis-state"])
def test_a_redis_service_is_process_1_and_ends_on_sigterm(program: str, service: str, tmp_path: Path) -> None:
    """On every version: the server itself is process 1, nobody's, behind its users,
    and gone within seconds of a SIGTERM.
    """
    made = Stack(tmp_path / "stack", PROGRAMS[program], postgres=False)
    try:
        made.start(service)
        made.wait(service)
        process = made.process(service)
        assert "server" in process.name() + process.exe()
        assert process.children() == []
        if made.alone:
            status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
            assert status["NSpid"].split()[-1] == "1"
            assert int(status["CapEff"], 16) == 0
        with redis.Redis.from_url(made.address("admin", service)) as admin:
            policy = {"redis": "allkeys-lru", "redis-state": "noeviction"}[service]
            assert admin.config_get("maxmemory-policy") == {"maxmemory-policy": policy}
            assert int(admin.config_get("maxmemory")["maxmemory"]) >= 2**29
            assert admin.config_get("requirepass") == {"requirepass": ""}
            admin.set("kept", "1")
        made.stop(service)
        made.start(service)
        made.wait(service)
        with redis.Redis.from_url(made.address("admin", service)) as admin:
            assert admin.get("kept") == {"redis": None, "redis-state": b"1"}[service]
    finally:
        made.close()


@pytest.mark.live
def test_a_health_check_believes_only_the_right_reply(stack: Stack, tmp_path: Path) -> None:
    """A server behind other users, one that loads and none at all are not healthy,
    although redis-cli itself exits 0.
    """
    assert stack.healthy("redis")
    with redis.Redis.from_url(stack.address("admin", "redis")) as admin:
        admin.execute_command("ACL", "SETUSER", "health", "off")
        plain = [str(command_line()), "-p", str(stack.ports["redis"]), "ping"]
        done = subprocess.run(plain, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.split()[0]) == (0, "NOAUTH")
        assert not stack.healthy("redis")
        admin.execute_command("ACL", "SETUSER", "health", "on")
    assert stack.healthy("redis")


def told(stack: Stack, user: str, server: str, line: str) -> str:
    """What a user gets for a command: `done`, or `refused`."""
    with redis.Redis.from_url(stack.address(user, server), protocol=2, driver_info=None) as client:
        try:
            client.execute_command(*line.split())
        except NoPermissionError:
            return "refused"
        return "done"


CORE = ("GET dict:a", "SET dict:a b", "SCAN 0", "UNLINK dict:a", "PUBLISH prosepolish:fills x", "INFO")
STATE = ("SET session:a b", "ZADD user:a:sessions 1 b", "GET ratelimit:a", "INFO")
COLLECT = ("INFO everything", "SCAN 0", "MEMORY USAGE dict:a", "PTTL dict:a", "CLIENT LIST", "LATENCY HISTOGRAM", "SLOWLOG LEN")
NEVER = (
    "CONFIG GET requirepass",
    "CONFIG SET maxmemory 1",
    "ACL LIST",
    "SLOWLOG GET",
    "MONITOR",
    "FLUSHALL",
    "KEYS *",
)
#: User, server, what it needs, what it may not.
MATRIX: Sequence[tuple[str, str, Sequence[str], Sequence[str]]] = (
    ("app", "redis", CORE, (*NEVER, "GET session:a", "SET other b", "PUBLISH other x")),
    ("dashboard", "redis", CORE, (*NEVER, "GET session:a", "CLIENT LIST")),
    ("collectors", "redis", COLLECT, (*NEVER, "GET dict:a", "SET dict:a b", "STRLEN dict:a", "DUMP dict:a", "EVAL x 0")),
    ("app", "redis-state", STATE, (*NEVER, "GET dict:a", "SCAN 0")),
    ("dashboard", "redis-state", STATE, (*NEVER, "GET dict:a", "SCAN 0")),
    ("collectors", "redis-state", COLLECT, (*NEVER, "GET session:a")),
    ("admin", "redis", ("CONFIG GET maxmemory", "ACL LIST", "SLOWLOG GET", "KEYS *"), ()),
)


@pytest.mark.live
@pytest.mark.parametrize(("user", "server", "needs", "never"), MATRIX, ids=[f"{row[0]} on {row[1]}" for row in MATRIX])
def test_each_user_can_do_its_work_and_no_more(
    stack: Stack, user: str, server: str, needs: Sequence[str], never: Sequence[str]
) -> None:
    """Under the users file of the compose stack itself."""
    assert {line: told(stack, user, server, line) for line in needs} == dict.fromkeys(needs, "done")
    assert {line: told(stack, user, server, line) for line in never} == dict.fromkeys(never, "refused")


@pytest.mark.live
@pytest.mark.parametrize("server", ["redis", "redis-state"])
def test_without_a_user_nothing_is_answered(stack: Stack, server: str) -> None:
    """The default user is off, also for those who name it; protected mode does not shut out the other containers."""
    for kwargs in ({}, {"password": "none"}, {"username": "default", "password": ""}, {"username": "health", "password": "x"}):
        with (
            redis.Redis(port=stack.ports[server], driver_info=None, **kwargs) as stranger,  # type: ignore[arg-type]
            pytest.raises((AuthenticationError, NoPermissionError)),
        ):
            stranger.get("dict:a")
    with socket.socket() as other:  # not from 127.0.0.1, as far as the server can see
        other.bind(("127.0.0.2", 0))
        other.connect(("127.0.0.1", stack.ports[server]))
        other.sendall(b"AUTH health x\r\nPING\r\n")
        time.sleep(0.2)
        assert other.recv(100) == b"+OK\r\n+PONG\r\n"


@pytest.mark.live
def test_the_processes_of_ours_work_together_and_stop_at_once(stack: Stack) -> None:
    """Settings, collectors and dashboard by their literal commands:
    samples arrive, settings too, a SIGTERM ends each.
    """
    assert stack.run("settings") == 0, stack.log("settings")
    stack.start("collectors")
    stack.start("dashboard")
    stack.wait("dashboard")
    question = (
        "SELECT count(DISTINCT source || collector) FROM collector_runs WHERE outcome = 'ok' AND source IN ('cache', 'state')"
    )
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        until = time.monotonic() + 120
        while (found := connection.execute(question).fetchone()) is None or found[0] < 18:
            assert time.monotonic() < until, stack.log("collectors")
            time.sleep(0.2)
        rows = connection.execute("SELECT state FROM collector_runs WHERE source = 'state' AND collector = 'redis_config'")
        state = next(iter(rows))[0]
    assert (state["config.maxmemory-policy"], state["config.slowlog-max-len"]) == ("noeviction", "512")
    assert "run_failed" not in stack.log("collectors")
    for service in ("collectors", "dashboard"):
        stack.stop(service)
        assert "Traceback" not in stack.log(service)


@pytest.mark.live
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("service", ["redis", "redis-state"])
def test_a_redis_service_is_opened_to_its_network(program: str, service: str, tmp_path: Path) -> None:
    """The one part of the command that the other tests replace:
    in a network of its own the server binds as it is written.
    """
    made = Stack(tmp_path / "stack", PROGRAMS[program], postgres=False)
    words = made.argv(service)[2].replace(f"--bind 127.0.0.1 --port {made.ports[service]}", OPEN)
    assert OPEN in words
    alone = ["unshare", "--user", "--map-root-user", "--net", "--kill-child", "--fork", "sh", "-c", words]
    try:
        process = subprocess.Popen(
            alone, cwd=tmp_path, env=made.environment(service), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except FileNotFoundError:
        pytest.skip("no `unshare` here")
    told = []
    for line in process.stdout or ():
        told.append(line)
        if "Ready to accept connections" in line:
            break
    process.kill()
    process.wait(10)
    if "unshare" in told[0]:
        pytest.skip("no network namespaces here")
    assert "Ready to accept connections" in told[-1], told


@pytest.mark.live
@pytest.mark.skipif(command_line() is None, reason="no redis-cli on this machine")
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_password_is_changed_while_the_server_runs(program: str, tmp_path: Path) -> None:
    """As docs/operations.md says: the file deleted, the script run again, ACL LOAD; the others' passwords stay."""
    made = Stack(tmp_path / "stack", PROGRAMS[program], postgres=False)
    try:
        made.start("redis")
        made.wait("redis")
        old = {user: made.address(user, "redis") for user in ("app", "admin", "dashboard")}
        for user in ("app", "admin"):
            (made.folder / "secrets" / f"{user}-password").unlink()
        made.make_secrets()
        with redis.Redis.from_url(old["admin"]) as admin:
            assert admin.acl_load()
        for user in ("app", "admin"):
            assert made.address(user, "redis") != old[user]
            with redis.Redis.from_url(old[user]) as client, pytest.raises(AuthenticationError):
                client.ping()
        for address in (made.address("app", "redis"), made.address("admin", "redis"), old["dashboard"]):
            with redis.Redis.from_url(address) as client:
                assert client.ping()
        assert made.healthy("redis")
    finally:
        made.close()


@pytest.mark.live
def test_migrate_waits_for_a_postgres_that_is_away_for_a_while(tmp_path: Path) -> None:
    """The service is started first, the server once it is waited for: the schema is made all the same."""
    made = Stack(tmp_path / "stack")
    try:
        made.start("migrate")
        until = time.monotonic() + 120
        while "Waiting up to 120 s: PostgreSQL does not answer" not in made.log("migrate"):
            assert time.monotonic() < until, made.log("migrate")
            time.sleep(0.1)
        made.start("postgres")
        assert made.running.pop("migrate").wait(120) == 0
        assert "Applied 0001_samples.sql" in made.log("migrate")
        made.stop("postgres")
    finally:
        made.close()


@pytest.mark.live
def test_the_demo_profile_serves_stand_ins_and_sends_traffic(stack: Stack) -> None:
    """The stand-ins and the traffic by their literal commands, with deploy/demo.env:
    words are looked up as the user `app`.
    """
    lines = (ROOT / "deploy/demo.env").read_text(encoding="utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert settings["COMPOSE_PROFILES"] == "demo"
    assert [name for name, spec in SERVICES.items() if spec.get("profiles")] == ["stand-ins", "traffic"]
    before, stack.settings = stack.settings, settings
    try:
        stack.start("stand-ins")
        stack.start("traffic")
        with redis.Redis.from_url(stack.address("admin", "redis")) as admin:
            until = time.monotonic() + 120
            while not list(admin.scan_iter("dict:*")):
                assert time.monotonic() < until, stack.log("traffic") + stack.log("stand-ins")
                time.sleep(0.2)
            assert "app" in {client["user"] for client in admin.client_list()}
        for service in ("traffic", "stand-ins"):
            stack.stop(service)
    finally:
        stack.settings = before
