"""What typesetting varies and no reader tells apart:
apostrophes, hyphens, blanks, ligatures, wide letters, unseen characters.
"""

import re
from unicodedata import decomposition, normalize

#: Every form -> the one that keyboards have.
FORMS = {
    "'": "\u2018\u2019\u201b\u02bc\u02b9\u2032\u00b4\u0060\u055a\ua78c",
    "-": "\u2010\u2011\u2012\u2013\u2212\u02d7\ufe63\u058a",
    " ": "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    # Left out: what breaks no line, shows no width or marks a direction is put in by programs, not by writers.
    "": "\u00ad\u200b\u2060\ufeff\u200e\u200f\u061c",
}
_TABLE = {ord(form): plain for plain, forms in FORMS.items() for form in forms}
#: Ligatures (U+FB00 to FB06) and letters of another width: Unicode itself says what they stand for.
_TABLE |= {
    n: normalize("NFKC", chr(n)) for n in (*range(0xFB00, 0xFB07), *range(0xFF01, 0xFFEF)) if decomposition(chr(n)).startswith("<")
}
_TABLE |= {n: _TABLE.get(ord(plain), plain) for n, plain in _TABLE.items() if len(plain) == 1}
_BLANKS = re.compile(" {2,}")


def fold(text: str) -> str:
    """The plain form: composed (NFC), trimmed, single blanks. Doing it twice changes nothing."""
    if text.isascii() and text.isprintable() and "  " not in text and "`" not in text:
        return text.strip()
    plain = normalize("NFC", normalize("NFC", text).translate(_TABLE))
    return _BLANKS.sub(" ", plain.strip())
