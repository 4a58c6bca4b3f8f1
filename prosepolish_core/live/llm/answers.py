"""Is the LLM's answer fit to use? Schema, length against the input, likeness, no markup. What fails is never cached."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ...calc.strict_json import MalformedJson, parse
from ...model.llm import LlmReply

#: Markup an answer may only have when the text had it too. Repeats are bounded: no text may make a search take its length
#: squared, for no other thread of the process runs meanwhile.
MARKUP = (
    re.compile(r"<\s{0,20}/?\s{0,20}[a-zA-Z!][^>]{0,200}>"),
    re.compile(r"```"),
    re.compile(r"\*\*[^*\n]{1,500}\*\*"),
    re.compile(r"\]\("),
)
#: A correction is at most this much longer or shorter than its text, plus some room for very short ones.
MOST_GROWTH = 1.5
LEAST_SHARE = 0.6
ROOM = 40
#: Of texts longer than this, at least this share of letter pairs must survive the correction.
LIKENESS_FROM = 24
LEAST_LIKENESS = 0.45
MOST_MEANINGS = 5
MOST_DEFINITIONS = 4
LONGEST_DEFINITION = 600


class BadAnswer(ValueError):
    """The answer is not usable; the argument is the machine word for why."""


def corrected_text(original: str, reply: LlmReply) -> str:
    """The corrected text with the original's outer white space. Raises BadAnswer."""
    answer = _object(reply)
    text = answer.get("text")
    if set(answer) != {"text"} or not isinstance(text, str):
        raise BadAnswer("schema")
    body = original.strip()
    text = text.strip()
    if not text:
        raise BadAnswer("empty")
    if not LEAST_SHARE * len(body) - ROOM / 2 <= len(text) <= MOST_GROWTH * len(body) + ROOM:
        raise BadAnswer("length_ratio")
    if any(len(mark.findall(text)) > len(mark.findall(body)) for mark in MARKUP) or _odd(text) - _odd(body):
        raise BadAnswer("markup")
    if len(body) > LIKENESS_FROM and _likeness(body, text) < LEAST_LIKENESS:
        raise BadAnswer("unlike")
    start = original.index(body) if body else 0
    return original[:start] + text + original[start + len(body) :]


def definition(word: str, reply: LlmReply) -> dict[str, object] | None:
    """The entry, or None when the LLM says that there is no such word. Raises BadAnswer."""
    answer = _object(reply)
    known, meanings = answer.get("known"), answer.get("meanings")
    if not isinstance(known, bool) or not isinstance(meanings, list):
        raise BadAnswer("schema")
    if not known:
        return None
    found = [_meaning(meaning) for meaning in meanings[:MOST_MEANINGS]]
    if not found:
        raise BadAnswer("empty")
    return {"word": word, "phonetic": "", "meanings": found, "source": "gemini", "license": {}, "source_urls": []}


def _object(reply: LlmReply) -> dict[str, Any]:
    """The answer as a JSON object; its finish must be `stop`."""
    if reply.finish != "stop":
        raise BadAnswer(reply.finish)
    try:
        answer = parse(reply.text)
    except MalformedJson:
        raise BadAnswer("schema") from None
    if not isinstance(answer, dict):
        raise BadAnswer("schema")
    return answer


def _meaning(meaning: Any) -> dict[str, object]:
    definitions = meaning.get("definitions") if isinstance(meaning, Mapping) else None
    if not isinstance(definitions, list) or not definitions or not all(isinstance(d, Mapping) for d in definitions):
        raise BadAnswer("schema")
    found = [{name: _line(d.get(name, "")) for name in ("definition", "example")} for d in definitions[:MOST_DEFINITIONS]]
    if not all(d["definition"] for d in found):
        raise BadAnswer("schema")
    return {"part_of_speech": _line(meaning.get("part_of_speech", "")), "definitions": found, "synonyms": [], "antonyms": []}


def _line(value: Any) -> str:
    """One line of plain text."""
    if not isinstance(value, str):
        raise BadAnswer("schema")
    if len(value) > LONGEST_DEFINITION:
        raise BadAnswer("length_ratio")
    if _odd(value) or any(mark.search(value) for mark in MARKUP):
        raise BadAnswer("markup")
    return " ".join(value.split())


def _odd(text: str) -> set[str]:
    """Characters that are not for reading: controls and invisible direction marks, but not white space."""
    return {c for c in text if not c.isprintable() and not c.isspace()}


def _likeness(one: str, two: str) -> float:
    """Share of letter pairs that both have, counted with repeats (Dice). Linear, so a long text costs no more than reading it."""
    left, right = (Counter(pairwise(t)) for t in (one.casefold(), two.casefold()))
    return 2 * (left & right).total() / max(1, left.total() + right.total())
