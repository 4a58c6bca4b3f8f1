"""Tokens: sealed, opaque, and derived the same way twice only for the same loss."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.sessions.token import PREFIX, SessionTokens

TOKENS = SessionTokens(b"p" * 32)


def test_a_token_carries_256_random_bits_and_says_nothing_of_its_user() -> None:
    """No two are alike; the user's id is not in it."""
    made = {TOKENS.first("ada")[0] for _ in range(100)}
    assert len(made) == 100
    assert all(b"ada" not in urlsafe_b64decode(token[3:] + "=") for token in made)


@given(st.integers(0, 67), st.integers(1, 255))
def test_one_changed_byte_breaks_the_seal(at: int, change: int) -> None:
    """Such a token is refused without asking any server."""
    raw = bytearray(urlsafe_b64decode(TOKENS.first("ada")[0][3:] + "="))
    raw[at] ^= change
    assert TOKENS.read(PREFIX + urlsafe_b64encode(bytes(raw)).decode().rstrip("=")) is None


@given(st.text(max_size=200))
def test_reading_never_fails(text: str) -> None:
    """Anything at all may be presented."""
    parsed = TOKENS.read(text)
    assert parsed is None or parsed.login is None


def test_another_pepper_makes_other_hashes_and_refuses_our_tokens() -> None:
    """What is in Redis is of no use without it."""
    token, parsed = TOKENS.first("ada")
    other = SessionTokens(b"q" * 32)
    assert other.read(token) is None
    assert other.tag("ada") != parsed.tag


def test_the_successor_is_the_same_for_the_same_loss_only() -> None:
    """Another salt, nonce or token gives another successor."""
    _, first = TOKENS.first("ada")
    _, second = TOKENS.first("ada")
    made = [TOKENS.following(p, s, n)[0] for p in (first, second) for s in (b"1" * 32, b"2" * 32) for n in ("a", "b")]
    assert len(set(made)) == 8
    assert TOKENS.following(first, b"1" * 32, "a")[0] == made[0]


def test_the_repr_of_a_parsed_token_does_not_show_it() -> None:
    """Tracebacks may show variables."""
    tokens = SessionTokens(b"pepper")
    token, parsed = tokens.first("u1")
    assert repr(parsed) == f"Parsed({parsed.token_hash})"
    assert token not in repr([tokens.read(token)])
