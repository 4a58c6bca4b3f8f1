"""deploy/make-secrets and the ACL files: hashes instead of passwords, every user with exactly the printed rights."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from redis import ConnectionPool

from prosepolish_core.watch.redis_info.acl import CACHE, COLLECTORS, DIALECTS, STATE, rules

ROOT = Path(__file__).parents[2]
#: What Redis 7.0 and newer and Valkey 7.2 and newer all understand: the image is the operator's choice.
DIALECT = next(dialect for dialect in DIALECTS if dialect.name == "redis-7")
CORE = {"redis": CACHE, "redis-state": STATE}


def users(server: str) -> str:
    """The users file of a server, with each user's name where the hash of its password will stand."""
    core, collectors = " ".join(rules(DIALECT, CORE[server])), " ".join(rules(DIALECT, COLLECTORS))
    lines = {
        "default": "off resetpass resetkeys resetchannels -@all",
        "health": "on nopass resetkeys resetchannels -@all +ping",
        "app": f"on #app {core}",
        "collectors": f"on #collectors {collectors}",
        "dashboard": f"on #dashboard {core}",
        "admin": "on #admin ~* &* +@all",
    }
    return "".join(f"user {name} {rule}\n" for name, rule in lines.items())


def make(folder: Path) -> None:
    """Run the script as the manual says."""
    subprocess.run(["sh", ROOT / "deploy/make-secrets", folder], check=True, capture_output=True)


@pytest.mark.parametrize("server", CORE)
def test_the_users_file_gives_exactly_the_printed_rights(server: str) -> None:
    """deploy/*.acl and `prosepolish export acl` say the same."""
    assert (ROOT / f"deploy/{server}-users.acl").read_text(encoding="utf-8") == users(server)


def test_no_password_is_in_a_users_file_and_every_hash_is_right(tmp_path: Path) -> None:
    """The servers are told SHA-256 hashes; the addresses hold the passwords;
    nothing in the folder is open to others on the host.
    """
    make(tmp_path / "s")
    for server in CORE:
        text = (tmp_path / "s" / f"{server}-users.acl").read_text(encoding="utf-8")
        for user in ("app", "collectors", "dashboard", "admin"):
            address = (tmp_path / "s" / f"{user}-{server}-url").read_text(encoding="utf-8").strip()
            told = ConnectionPool.from_url(address).connection_kwargs
            assert (told["username"], told["host"], len(told["password"])) == (user, server, 48)
            assert told["password"] not in text
            assert f"user {user} on #{sha256(told['password'].encode()).hexdigest()} " in text
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700


def test_what_is_there_stays_and_one_password_can_be_made_anew(tmp_path: Path) -> None:
    """A second run changes nothing; without one user's file it changes that user alone."""
    make(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    make(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    (tmp_path / "app-password").unlink()
    make(tmp_path)
    changed = {path.name for path in tmp_path.iterdir() if path.read_bytes() != before[path.name]}
    assert changed == {"app-password", "app-redis-url", "app-redis-state-url", "redis-users.acl", "redis-state-users.acl"}


@pytest.mark.parametrize("password", ["a b", " a  b ", "p@ss/word#1", "100%", "größe", "a'b\"c", "$x `y`", "a\\b&c|d"])
def test_a_password_of_ones_own_may_hold_any_characters(tmp_path: Path, password: str) -> None:
    """The address gives it back as it is, and its hash is the server's."""
    (tmp_path / "app-password").write_text(password + "\n", encoding="utf-8")
    (tmp_path / "postgres-password").write_text(password + "\n", encoding="utf-8")
    make(tmp_path)
    address = (tmp_path / "app-redis-url").read_text(encoding="utf-8").strip()
    assert ConnectionPool.from_url(address).connection_kwargs["password"] == password
    assert f"user app on #{sha256(password.encode()).hexdigest()} " in (tmp_path / "redis-users.acl").read_text(encoding="utf-8")
