"""What the LLM answered, as JSON and as a dictionary entry. What is not fit to use is refused with a machine word."""

import re
from collections.abc import Mapping
from typing import Any

from ...calc.strict_json import MalformedJson, parse
from ...model.llm import LlmReply
from .plain_text import added_markup, added_unseen

#: One code fence around the whole answer: models add it now and then although JSON alone was asked for.
FENCE = re.compile(r"\s*```\w{0,20}\s(.*)```\s*", re.DOTALL)
MOST_MEANINGS = 5
MOST_DEFINITIONS = 4
LONGEST_DEFINITION = 600


class BadAnswer(ValueError):
    """The answer is not usable; the argument is the machine word for why."""


def definition(word: str, reply: LlmReply) -> dict[str, object] | None:
    """The entry, or None when the LLM says that there is no such word. Raises BadAnswer."""
    answer = answer_of(reply)
    known, meanings = answer.get("known"), answer.get("meanings")
    if not isinstance(known, bool) or not isinstance(meanings, list):
        raise BadAnswer("schema")
    if not known:
        return None
    found = [_meaning(meaning) for meaning in meanings[:MOST_MEANINGS]]
    if not found:
        raise BadAnswer("empty")
    return {"word": word, "phonetic": "", "meanings": found, "source": "gemini", "license": {}, "source_urls": []}


def answer_of(reply: LlmReply) -> dict[str, Any]:
    """The answer as a JSON object, out of its code fence if it has one.

    Raises BadAnswer, also when its finish is not `stop`.
    """
    if reply.finish != "stop":
        raise BadAnswer(reply.finish)
    try:
        answer = parse(fenced[1] if (fenced := FENCE.fullmatch(reply.text)) else reply.text)
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
    if added_unseen("", value) or added_markup("", value):
        raise BadAnswer("markup")
    return " ".join(value.split())
