"""What a presented token means, row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from prosepolish_core.errors import ConfigError
from prosepolish_core.live.sessions.token import Parsed
from prosepolish_core.live.sessions.token_meaning import TokenMeaning, meaning
from prosepolish_core.model.session import LoginRow, SessionRules

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = SessionRules(grace_s=30)
ROW = LoginRow(
    b"f",
    "u",
    "t",
    "",
    3,
    2,
    "h2",
    "h1",
    b"nonce",
    b"salt",
    NOW - timedelta(seconds=10),
    NOW,
    NOW,
    NOW + timedelta(days=1),
    None,
    3,
    NOW,
)
CASES = [
    (ROW, 2, "h2", None, True, TokenMeaning.CURRENT),
    (ROW, 2, "other", None, True, TokenMeaning.REFUSED),
    (ROW, 3, "h2", None, True, TokenMeaning.REFUSED),
    (ROW, 1, "h1", b"nonce", True, TokenMeaning.RETRY),
    (ROW, 1, "h1", b"other", True, TokenMeaning.REUSE),
    (ROW, 1, "h1", None, True, TokenMeaning.REUSE),
    (ROW, 1, "h1", None, False, TokenMeaning.ROTATED),
    (ROW, 0, "h0", b"nonce", True, TokenMeaning.REUSE),
    (ROW, 0, "h0", None, False, TokenMeaning.REUSE),
    (ROW._replace(rotated_at=NOW - timedelta(seconds=31)), 1, "h1", b"nonce", True, TokenMeaning.REUSE),
    (ROW._replace(rotated_at=NOW - timedelta(seconds=31)), 1, "h1", None, False, TokenMeaning.REUSE),
    (ROW._replace(nonce_hash=None), 1, "h1", b"nonce", True, TokenMeaning.REUSE),
    (ROW._replace(ended_at=NOW), 2, "h2", None, True, TokenMeaning.REFUSED),
    (ROW._replace(ended_at=NOW), 1, "h1", None, True, TokenMeaning.REFUSED),
    (ROW._replace(user_generation=4), 2, "h2", None, True, TokenMeaning.REFUSED),
    (ROW._replace(expires_at=NOW), 2, "h2", None, True, TokenMeaning.REFUSED),
    (ROW._replace(seen_at=NOW - timedelta(days=3)), 2, "h2", None, True, TokenMeaning.REFUSED),
]


@pytest.mark.parametrize(("row", "seq", "token_hash", "nonce", "rotating", "expected"), CASES)
def test_meaning(row: LoginRow, seq: int, token_hash: str, nonce: bytes | None, rotating: bool, expected: TokenMeaning) -> None:
    """Current, retry, rotated, reuse or refused: as the table says."""
    parsed = Parsed(token_hash, b"f", "t", seq)
    assert meaning(row, parsed, RULES, rotating=rotating, nonce_hash=nonce) is expected


@pytest.mark.parametrize("wrong", [{"idle_s": 10}, {"grace_s": 301}, {"cap": 0}, {"absolute_s": 60, "idle_s": 61}])
def test_rules_that_cannot_hold_are_refused(wrong: dict[str, int]) -> None:
    """With the bounds in the message."""
    with pytest.raises(ConfigError, match="sessions need"):
        SessionRules(**wrong)
