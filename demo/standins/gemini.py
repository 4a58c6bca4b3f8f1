"""The stand-in for Gemini's REST `generateContent`: plausible corrections and definitions, with usage metadata."""

import json
import re
import zlib
from typing import Any
from urllib.parse import unquote, urlsplit

from ..lexicon import Lexicon
from .answers import Answer, gemini_error, json_answer
from .faults import Fault, FaultKind
from .schema_filler import fill
from .typos import TypoFixer

PATH = re.compile(r"^/v1(?:beta)?/models/([^/:]+):generateContent$")
#: The listing of models: quick, and free.
LISTING = re.compile(r"^/v1(?:beta)?/models/?$")
MODELS = ("gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-3.8-flash", "gemini-2.5-flash")
#: Characters a token stands for, on average, in English.
CHARACTERS_PER_TOKEN = 4
#: A wrapper some prompts put around the text: <text>…</text>, or JSON with one string.
TAGGED = re.compile(r"<([A-Za-z_]+)>\s*(.*?)\s*</\1>\s*$", re.DOTALL)
#: Faults of the answer itself -> the finishReason told.
FINISH = {FaultKind.SAFETY: "SAFETY", FaultKind.RECITATION: "RECITATION", FaultKind.LENGTH: "MAX_TOKENS"}

#: Faults of the prompt -> the blockReason told.
BLOCKED = {FaultKind.BLOCKED: "SAFETY", FaultKind.NEW_BLOCK: "MODEL_ARMOR"}


class GeminiStandIn:
    """Answers POST requests; knows nothing of sockets."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._fixer = TypoFixer(lexicon)

    @staticmethod
    def subject(_path: str, body: bytes) -> str:
        """The text the model was given."""
        try:
            return _said(json.loads(body))
        except (ValueError, AttributeError, TypeError):
            return ""

    @staticmethod
    def is_quick(path: str) -> bool:
        """A list of models is there at once; a model has to think."""
        return LISTING.match(urlsplit(path).path) is not None

    def answer(self, path: str, body: bytes, _address: str, fault: Fault | None) -> Answer:
        """The answer to one request."""
        asked = PATH.match(unquote(urlsplit(path).path))
        if fault and fault.kind is FaultKind.STATUS:
            return gemini_error(fault.status, fault.retry_after_s)
        if self.is_quick(path):
            return json_answer(200, {"models": [{"name": f"models/{model}", "version": "001"} for model in MODELS]})
        if not asked:
            return gemini_error(404)
        try:
            request = json.loads(body)
            said = _said(request)
        except (ValueError, AttributeError, TypeError):
            return gemini_error(400)
        if not said:
            return gemini_error(400)
        return json_answer(200, self._reply(request, said, asked.group(1), fault))

    def _reply(self, request: dict[str, Any], said: str, model: str, fault: Fault | None) -> dict[str, Any]:
        kind = fault.kind if fault else None
        text = "" if kind in {FaultKind.EMPTY, FaultKind.SAFETY, *BLOCKED} else self._text(request, said)
        text = _bend(text, kind, fault.size if fault else 0)
        candidate: dict[str, Any] = {"finishReason": FINISH.get(kind, "STOP") if kind else "STOP", "index": 0}
        thoughts = [{"text": f"The text is: {said}", "thought": True}] if kind is FaultKind.THOUGHTS else []
        if kind is not FaultKind.SAFETY:
            candidate["content"] = {"role": "model", "parts": [*thoughts, {"text": text}]}
        reply: dict[str, Any] = {"usageMetadata": usage(request, said, text), "modelVersion": model}
        if kind in BLOCKED:
            return {"promptFeedback": {"blockReason": BLOCKED[kind]}, **reply}
        return {"candidates": [candidate], **reply}

    def _text(self, request: dict[str, Any], said: str) -> str:
        wanted = _unwrapped(said)
        config = request.get("generationConfig") or {}
        if config.get("responseMimeType") != "application/json":
            return self._fixer.fix(wanted)
        word = wanted.strip().lower()
        schema = config.get("responseSchema") or config.get("responseJsonSchema") or config.get("_responseJsonSchema") or {}
        return json.dumps(fill(schema, word, self._lexicon.raw(word), self._fixer.fix(wanted)), ensure_ascii=False)


def usage(request: dict[str, Any], said: str, text: str) -> dict[str, int]:
    """Token counts as Gemini tells them: thoughts apart from candidates, and a total of all three.

    Thoughts are steady for one text, so that a repeated run costs the same; none when the thinking budget is 0.
    """
    system = request.get("systemInstruction") or {}
    instructions = " ".join(part.get("text", "") for part in system.get("parts", []))
    config = request.get("generationConfig") or {}
    budget = (config.get("thinkingConfig") or {}).get("thinkingBudget")
    prompt = max(1, (len(instructions) + len(said)) // CHARACTERS_PER_TOKEN)
    candidates = (len(text) + CHARACTERS_PER_TOKEN - 1) // CHARACTERS_PER_TOKEN
    thoughts = 0 if budget == 0 else 60 + zlib.crc32(said.encode()) % 240
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": candidates,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": prompt + candidates + thoughts,
    }


def _said(request: dict[str, Any]) -> str:
    contents = request.get("contents") or []
    return "\n".join(part.get("text", "") for part in (contents[-1].get("parts") if contents else []) or [])


def _unwrapped(said: str) -> str:
    if tagged := TAGGED.search(said):
        return tagged.group(2)
    try:
        data = json.loads(said)
    except ValueError:
        return said
    strings = [v for v in data.values() if isinstance(v, str)] if isinstance(data, dict) else []
    return strings[0] if len(strings) == 1 else said


def _bend(text: str, kind: FaultKind | None, size: int) -> str:
    match kind:
        case FaultKind.LENGTH:
            return text[: len(text) // 2]
        case FaultKind.FENCED:
            return f"```json\n{text}\n```"
        case FaultKind.WRONG_SCHEMA:
            return "I would say that this is a fine word, and a common one."
        case FaultKind.MARKUP:
            return f"```html\n<b>{text}</b><script>alert(1)</script>\n```"
        case FaultKind.HUGE:
            return (text + " ") * (size // (len(text) + 1) + 1)
        case _:
            return text
