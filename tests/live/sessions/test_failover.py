"""A sentinel promotes a replica that never heard of the last log-outs:
what was ended stays ended, what lives goes on.
"""

import os
import signal

import psycopg
import pytest
import redis

from tests.support.redis_groups import sentinel, until

from .conftest import Serve

pytestmark = pytest.mark.live


def test_what_was_ended_stays_ended_when_a_replica_that_missed_it_is_promoted(migrated_url: str, serve: Serve) -> None:
    """Log-out, rotation and log-out everywhere were lost with the primary;
    the promoted server still holds all four tokens.
    """
    with psycopg.connect(migrated_url) as connection:
        connection.execute("TRUNCATE session_family, session_generation, session_change, session_secret")
    with sentinel() as (port, primary, replica):
        sessions = serve(f"redis+sentinel://127.0.0.1:{port}/words", migrated_url, cap=9)
        with redis.Redis(port=primary.port) as first, redis.Redis(port=replica.port) as second:
            until(lambda: bool(sessions.create("warm")))
            tokens = {name: sessions.create("u1", name).token or "" for name in ("ended", "rotated", "alive")}
            tokens["everywhere"] = sessions.create("u2").token or ""
            assert all(sessions.verify(token) for token in tokens.values())
            first.wait(1, 5000)
            replicated = {key for key in second.scan_iter("session:*") if b" " in (second.get(key) or b"")}
            assert len(replicated) >= len(tokens)

            pid = int(second.info("server")["process_id"])
            os.kill(pid, signal.SIGSTOP)  # it hears of nothing from now on
            try:
                first.execute_command("CLIENT", "KILL", "TYPE", "replica")
                assert sessions.revoke(tokens["ended"]).confirmed
                successor = sessions.rotate(tokens["rotated"], "n").token or ""
                assert sessions.revoke_all("u2").confirmed
                primary.terminate()
            finally:
                os.kill(pid, signal.SIGCONT)
            until(lambda: second.info("replication")["role"] == "master")
            assert replicated <= set(second.scan_iter("session:*"))

        until(lambda: not sessions.verify(tokens["alive"]).degraded)
        assert [name for name, token in tokens.items() if sessions.verify(token)] == ["alive"]
        assert sessions.verify(successor)
