"""The reply to a COMMIT is lost on the way from a real PostgreSQL: what the caller is told is what is known."""

from collections.abc import Iterator

import psycopg
import pytest

from prosepolish_core.errors import SessionOutcomeUnknown, SessionUnavailable
from prosepolish_core.live.sessions.service import Sessions
from tests.support.postgres_relay import Relay, relay

from .conftest import Serve

pytestmark = pytest.mark.live


@pytest.fixture
def line(migrated_url: str) -> Iterator[Relay]:
    """A way to PostgreSQL that can lose replies."""
    with psycopg.connect(migrated_url) as connection:
        connection.execute("TRUNCATE session_family, session_generation, session_change, session_secret")
    with relay(migrated_url) as made:
        yield made


@pytest.fixture
def sessions(line: Relay, valkey_url: str, serve: Serve) -> Sessions:
    """The service behind it."""
    return serve(valkey_url, line.url)


def test_a_rotation_whose_reply_is_lost_says_that_it_may_have_happened(line: Relay, sessions: Sessions) -> None:
    """And the retry it asks for, with the same nonce, finds the successor:
    no theft is seen, and the old token is dead.
    """
    token = sessions.create("u1").token or ""
    line.losing = True
    with pytest.raises(SessionOutcomeUnknown, match="may have taken effect: repeat it with the same nonce"):
        sessions.rotate(token, "n")
    line.losing = False
    successor = sessions.rotate(token, "n").token or ""
    assert line.lost
    assert sessions.verify(successor)
    assert not sessions.verify(token)


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_log_out_whose_reply_is_lost_says_that_it_may_have_happened(line: Relay, sessions: Sessions, everywhere: bool) -> None:
    """It never says that nothing was changed: here everything was, and no token is accepted any more."""
    token = sessions.create("u1").token or ""
    line.losing = True
    with pytest.raises(SessionOutcomeUnknown) as told:
        sessions.revoke_all("u1") if everywhere else sessions.revoke(token)
    line.losing = False
    assert "nothing was changed" not in str(told.value)
    assert not sessions.verify(token)


def test_a_log_in_whose_reply_is_lost_leaves_a_session_that_nobody_holds(line: Relay, sessions: Sessions) -> None:
    """The message says so, and the list of devices shows it, so that it can be ended."""
    sessions.create("u1")
    line.losing = True
    with pytest.raises(SessionOutcomeUnknown, match="a session whose token nobody has may have begun"):
        sessions.create("u1", "phone")
    line.losing = False
    assert [device.device for device in sessions.devices("u1")] == ["phone", ""]


def test_before_the_commit_nothing_was_changed_and_the_message_says_so(line: Relay, sessions: Sessions, migrated_url: str) -> None:
    """The server ends the connection while the change waits for a row: it is not unknown, it did not happen."""
    token = sessions.create("u1").token or ""
    with psycopg.connect(migrated_url) as holder:
        holder.execute("SELECT FROM session_family FOR UPDATE")
        with pytest.raises(SessionUnavailable, match="nothing was changed") as told:
            sessions.rotate(token, "n")  # waits for the row until its own deadline
    assert type(told.value) is SessionUnavailable
    assert sessions.rotate(token, "another").token
