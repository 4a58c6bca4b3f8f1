"""deploy/compose.tls.yml on real servers: every client speaks TLS and knows the server by name; nobody else gets in."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from benchmarks._compose import ROOT, SERVERS, SYSTEM_POSTGRES, Stack, with_tls
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def knows_tls(program: str) -> bool:
    """Whether the system's server was built with TLS."""
    path = shutil.which(program)
    return path is not None and "libssl" in subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout


def test_the_file_keeps_to_the_compose_schema_and_mounts_what_is_made(tmp_path: Path) -> None:
    """Each secret is one that the two scripts make; each service that speaks to a server trusts the authority."""
    environ = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"}
    words = ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.tls.yml"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    for script in ("make-certificates", "make-secrets"):
        subprocess.run(["sh", str(ROOT / "deploy" / script), str(tmp_path)], check=True, capture_output=True)
    compose = with_tls()
    assert {Path(secret["file"]).name for secret in compose["secrets"].values()} <= set(os.listdir(tmp_path))
    speaks = {name for name, spec in compose["services"].items() if "_URL_FILE" in str(spec.get("environment"))}
    assert {name for name in speaks if "ca" not in compose["services"][name]["secrets"]} == set()
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three servers behind TLS, the schema made through it."""
    if not knows_tls("redis-server") or not (SYSTEM_POSTGRES / "initdb").exists():
        pytest.skip("no redis-server and PostgreSQL with TLS on this machine: apt-get install redis-server postgresql")
    made = Stack(tmp_path_factory.mktemp("tls") / "stack", Path(shutil.which("redis-server") or ""), tls=True)
    try:
        for service in SERVERS:
            made.start(service)
        for service in SERVERS:
            made.wait(service)
        assert made.run("migrate") == 0, made.log("migrate")
        yield made
    finally:
        made.close()


def test_collectors_and_dashboard_work_through_tls_alone(stack: Stack) -> None:
    """By their literal commands; PostgreSQL says of every connection of theirs that it is encrypted."""
    stack.start("collectors")
    stack.start("dashboard")
    stack.wait("dashboard")
    runs = "SELECT count(DISTINCT source) FROM collector_runs WHERE outcome = 'ok' AND source IN ('cache', 'state', 'postgres')"
    with psycopg.connect(stack.database_url, autocommit=True) as connection:

        def observed() -> bool:
            row = connection.execute(runs).fetchone()
            return row is not None and row[0] == 3

        wait_for(observed)
        lines = connection.execute(
            "SELECT ssl, count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'prosepolish' GROUP BY ssl"
        ).fetchall()
    assert [line[0] for line in lines] == [True]
    for service in ("collectors", "dashboard"):
        stack.stop(service)


@pytest.mark.parametrize("server", ["redis", "redis-state"])
def test_redis_answers_nobody_in_clear_and_nobody_of_another_authority(stack: Stack, server: str) -> None:
    """The port speaks TLS only; a client that trusts others refuses the server; the right one is answered."""
    address = stack.address("app", server)
    with redis.Redis.from_url(address) as client:
        assert client.ping()
    bare = address.partition("?")[0]
    with (
        redis.Redis.from_url(bare.replace("rediss://", "redis://"), socket_timeout=2) as client,
        pytest.raises(redis.ConnectionError),
    ):
        client.ping()
    with redis.Redis.from_url(bare) as client, pytest.raises(redis.ConnectionError, match=r"CERTIFICATE_VERIFY_FAILED"):
        client.ping()


def test_postgres_is_known_by_its_name_and_lets_nobody_in_in_clear(stack: Stack) -> None:
    """verify-full refuses another name and another authority; the rules have no way in without TLS from elsewhere."""
    with psycopg.connect(stack.database_url) as connection:
        found = connection.execute("SELECT type, address, auth_method FROM pg_hba_file_rules ORDER BY line_number").fetchall()
    assert [row for row in found if row[0] == "host" and row[1] not in {"127.0.0.1", "::1"}] == []
    assert found[-1] == ("hostssl", "all", "scram-sha-256")
    for wrong in (
        stack.database_url.replace("127.0.0.1", "other.localhost"),
        stack.database_url.partition("sslrootcert")[0] + "sslrootcert=system",
    ):
        with pytest.raises(psycopg.OperationalError, match="certificate"):
            psycopg.connect(wrong.replace("other.localhost", "other.localhost") + "&hostaddr=127.0.0.1", connect_timeout=10)


def test_a_certificate_is_one_of_the_authority_for_its_server_only(stack: Stack) -> None:
    """Names: its own and this machine's."""
    context = ssl.create_default_context(cafile=str(stack.folder / "secrets/ca.pem"))
    for server in SERVERS:
        decoded = ssl._ssl._test_decode_cert(str(stack.folder / f"secrets/{server}.crt"))  # type: ignore[attr-defined]
        assert decoded["subjectAltName"] == (("DNS", server), ("DNS", "localhost"), ("IP Address", "127.0.0.1"))
    assert context.get_ca_certs()
