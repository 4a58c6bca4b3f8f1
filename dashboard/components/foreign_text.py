"""Text that is not ours (a key, a name, a word, an error) as Markdown that shows exactly this text and does nothing."""

import re

#: Signs that mean something to Markdown or to Streamlit, where they do: `_` within a word is a letter like others.
_SIGNS = re.compile(r"[\\`*~\[\]<>$]|:(?=\u2060?[A-Za-z])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|^(?:[-+=#]|\d+(?=[.)]))")
#: What becomes something else even where the signs are escaped: an emoji or icon between colons, and addresses.
_ALIVE = re.compile(r":(?=[\w+\-/]+:)|(?<=https):(?=//)|(?<=http):(?=//)|(?<=www)(?=\.)|@", re.IGNORECASE)
_JOINER = "\u2060"
#: Signs that reorder what stands around them, and control characters.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text on one line, every sign escaped that would do something; unseen control signs are shown as U+FFFD.

    Inside an address or between two colons stands an invisible word joiner, so that neither a link nor an emoji comes.
    """
    one_line = " ".join(_UNSEEN.sub("\ufffd", text).split())
    return _SIGNS.sub(_escaped, _ALIVE.sub(lambda sign: f"{sign[0]}{_JOINER}", one_line))


def _escaped(sign: re.Match[str]) -> str:
    """A number at the beginning is escaped behind it, where its dot or bracket stands."""
    return f"{sign[0]}\\" if sign[0].isdigit() else f"\\{sign[0]}"
