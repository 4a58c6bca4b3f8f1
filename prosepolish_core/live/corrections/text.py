"""Which texts we correct: not empty, not too long, and really text."""

from ...errors import InvalidText

MOST_CHARACTERS = 5000
MOST_BYTES = 20_000


def checked_text(text: object) -> str:
    """The text unchanged. Raises InvalidText before anything is hashed or asked."""
    if not isinstance(text, str):
        raise InvalidText("a text to correct must be a string")
    if len(text) > MOST_CHARACTERS:
        raise InvalidText(f"a text to correct has at most {MOST_CHARACTERS} characters; this one has {len(text)}")
    if not text.strip():
        raise InvalidText("there is no text to correct")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidText("the text holds broken characters (lone surrogates)") from None
    if size > MOST_BYTES:
        raise InvalidText(f"a text to correct has at most {MOST_BYTES} bytes; this one has {size}")
    if "\x00" in text:
        raise InvalidText("the text holds a NUL character")
    return text
