"""Redis loses its data while a token is being replaced: bars and leases are gone, and still nothing dead is served."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from prosepolish_core.live.sessions.redis_sessions import FastSessions

from .test_service import Stack, stack, token_of

__all__ = ["stack"]

pytestmark = pytest.mark.live
End = Callable[[Stack, str], None]


def revoke(stack: Stack, token: str) -> None:
    """Log this session out."""
    assert stack.sessions.revoke(token).sessions == 1


def revoke_device(stack: Stack, _token: str) -> None:
    """Log its device out."""
    assert stack.sessions.revoke_device("u1", stack.sessions.devices("u1")[-1].handle).sessions == 1


def revoke_all(stack: Stack, _token: str) -> None:
    """Log out everywhere."""
    assert stack.sessions.revoke_all("u1").sessions == 1


def push_out(stack: Stack, _token: str) -> None:
    """As many log-ins as a user may have end the oldest one."""
    for _ in range(3):
        token_of(stack)


def steal(stack: Stack, token: str) -> None:
    """A second use of the replaced token, without its nonce, ends the log-in."""
    assert stack.sessions.rotate(token).reason == "reuse"


@pytest.mark.parametrize("end", [revoke, revoke_device, revoke_all, push_out, steal])
def test_a_token_replaced_meanwhile_is_not_served_once_its_log_in_has_ended(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, end: End
) -> None:
    """A rotation is slow to tell Redis, which has lost its bars and learnt of the old token again:
    who ends the log-in tells it.
    """
    old = token_of(stack)
    begin, tell = FastSessions.begin, FastSessions.end
    rotating, ended = threading.current_thread(), threading.Event()
    committed = threading.Event()

    def losing(self: FastSessions, tag: str, **how: Any) -> str:
        word = begin(self, tag, **how)
        if threading.current_thread() is rotating:
            stack.redis.flushdb()
            assert stack.sessions.verify(old)  # nothing is final yet; from now on Redis holds the old token
        return word

    def late(self: FastSessions, *dead: Any) -> None:
        if threading.current_thread() is rotating:
            committed.set()
            assert ended.wait(10)
        tell(self, *dead)

    monkeypatch.setattr(FastSessions, "begin", losing)
    monkeypatch.setattr(FastSessions, "end", late)
    rotating = threading.Thread(target=lambda: stack.sessions.rotate(old, nonce="n"))
    rotating.start()
    try:
        assert committed.wait(10)
        end(stack, old)
        assert not stack.sessions.verify(old)
    finally:
        ended.set()
        rotating.join()
    assert not stack.sessions.verify(old)
