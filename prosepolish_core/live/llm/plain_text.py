"""What an answer may not add to a text:
markup, and characters that no reader sees unless the script or an emoji needs them.
"""

import re
from collections import Counter
from functools import lru_cache
from unicodedata import bidirectional, category, name

#: The elements a browser would act on or draw; `List<String>` is none of them.
ELEMENTS = (
    "a|abbr|acronym|address|applet|area|article|aside|audio|b|base|bdi|bdo|big|blink|blockquote|body|br|button|canvas|caption|center|"
    "cite|code|col|colgroup|data|datalist|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|"
    "frame|frameset|h[1-6]|head|header|hgroup|hr|html|i|iframe|img|image|input|ins|isindex|kbd|keygen|label|legend|li|link|listing|main|"
    "map|mark|marquee|math|menu|meta|meter|nav|nobr|noembed|noframes|noscript|object|ol|optgroup|option|output|p|param|picture|plaintext|"
    "portal|pre|progress|q|rb|rp|rt|ruby|s|samp|script|search|section|select|slot|small|source|span|strike|strong|style|sub|summary|sup|"
    "svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var|video|wbr|xmp"
)
#: Those that act by themselves. The others may follow a word with a capital, as the name of a type: `List<Object>`.
ACTIVE = "applet|base|embed|frame|iframe|img|meta|script|style|svg"
#: Repeats are bounded: no text may make a search take its length squared, for no other thread of the process runs
#: meanwhile.
MARKUP = (
    re.compile(rf"(?:(?<!\w)<(?i:{ELEMENTS})|<(?:{ELEMENTS})|<(?i:{ACTIVE}))(?![\w.,:<-])"),
    re.compile(r"<\s{0,20}[/!?]\s{0,20}[a-zA-Z!\[-]"),
    re.compile(r"<\s{0,20}[a-zA-Z][^<>]{0,200}="),
    re.compile(r"(?<!\w)<\s{0,20}[a-zA-Z][\w-]{0,60}\s{0,20}/?>"),
    re.compile(r"```|~~~"),
    re.compile(r"(?<!\w)\*\*(?!\s)[^*\n]{1,500}\*\*(?!\w)"),
    re.compile(r"(?<![\w\])])\[[^\[\]\n]{0,200}\]\("),
    re.compile(r"^#{1,6}\s", re.MULTILINE),
)
#: ZERO WIDTH NON-JOINER and JOINER, between letters of scripts in which they are spelling.
JOINERS = "\u200c\u200d"
_JOINING = re.compile(
    r"(?:ARABIC|SYRIAC|MONGOLIAN|NKO|DEVANAGARI|BENGALI|GURMUKHI|GUJARATI|ORIYA|TAMIL|TELUGU|KANNADA|MALAYALAM|SINHALA|KHMER"
    r"|MYANMAR|TIBETAN)\b"
)
#: LEFT-TO-RIGHT, RIGHT-TO-LEFT and ARABIC LETTER MARK, in texts that run from right to left.
MARKS = "\u200e\u200f\u061c"
RIGHT_TO_LEFT = frozenset({"R", "AL"})
#: An emoji with its variation or skin tone; then what a joiner may join to it.
_EMOJI = r"[\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_DRESSED = rf"{_EMOJI}[\ufe0f\U0001f3fb-\U0001f3ff]{{0,2}}"
_EMOJI_NEEDS = re.compile(rf"(?<=[\ufe0f\U0001f3fb-\U0001f3ff\u2190-\u2bff\U0001f000-\U0001faff])\u200d(?={_EMOJI})")
#: The flags of England, Scotland and Wales: a black flag, letters that are not seen, and their end.
_FLAGS = re.compile(r"\U0001f3f4[\U000e0061-\U000e007a]{3,6}\U000e007f")
#: Letters and marks by category that nevertheless leave no trace on the page.
BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0\u034f")


def added_markup(text: str, answer: str) -> bool:
    """Whether the answer has more of any kind of markup than the text."""
    return any(len(mark.findall(answer)) > len(mark.findall(text)) for mark in MARKUP)


def added_unseen(text: str, answer: str) -> bool:
    """Whether the answer has more of any unseen character than the text, beyond what its script or an emoji needs."""
    return bool(Counter(_unseen(answer)) - Counter(_unseen(text)))


def _unseen(text: str) -> list[str]:
    if text.isascii() and text.isprintable():
        return []
    text = _EMOJI_NEEDS.sub("", _FLAGS.sub("", text))
    odd = [(place, c) for place, c in enumerate(text) if _is_unseen(c)]
    if not odd:
        return []
    marks = MARKS if any(c.isalpha() and _right_to_left(c) for c in text) else ""
    return [c for place, c in odd if c not in marks and not (c in JOINERS and _joins(text, place))]


@lru_cache(maxsize=8192)
def _is_unseen(character: str) -> bool:
    return character in BLANK or not (character.isprintable() or character in "\n\r\t" or category(character) == "Zs")


@lru_cache(maxsize=8192)
def _right_to_left(character: str) -> bool:
    return bidirectional(character) in RIGHT_TO_LEFT


@lru_cache(maxsize=8192)
def _joining(character: str) -> bool:
    return bool(_JOINING.match(name(character, "")))


def _joins(text: str, place: int) -> bool:
    """Whether one joiner stands behind a letter that joins, and in front of one or of the word's end."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    return bool(before) and _joining(before) and (not after or _joining(after) or not (after.isalnum() or _is_unseen(after)))
