"""Fills a response schema with what the dictionary knows about a word, field by field, going by the fields' names."""

from typing import Any

from .entries import wire_entry

#: Schema types as the SDKs send them: names in either case, or the numbers of the enum.
TYPES = {1: "string", 2: "number", 3: "integer", 4: "boolean", 5: "array", 6: "object"}
#: Longest definition a model gives.
LONGEST = 240


def fill(schema: dict[str, Any], word: str, raw: dict[str, Any] | None, corrected: str) -> Any:
    """A value of the schema's shape. Without a schema: an object with `word` and `meanings`.

    An unknown word gives empty lists and false flags, as a model that follows its instructions would.
    """
    meanings = wire_entry(word, raw)[0]["meanings"] if raw else []
    if not schema:
        return {"word": word, "known": bool(meanings), "meanings": meanings}
    return _value("", schema, {"word": word, "known": bool(meanings), "meanings": meanings, "corrected": corrected})


def _value(name: str, schema: dict[str, Any], about: dict[str, Any]) -> Any:
    match _type(schema):
        case "object":
            return {key: _value(key, part, about) for key, part in (schema.get("properties") or {}).items()}
        case "array":
            return [_value(name, schema.get("items") or {}, one) for one in _several(name, about)]
        case "boolean":
            return bool(about.get("known"))
        case "integer" | "number":
            return 0
        case _:
            return _string(name, about)


def _type(schema: dict[str, Any]) -> str:
    told = schema.get("type", "string")
    if isinstance(told, list):
        told = next((t for t in told if str(t).lower() != "null"), "string")
    return TYPES[told] if isinstance(told, int) and told in TYPES else str(told).lower()


def _several(name: str, about: dict[str, Any]) -> list[dict[str, Any]]:
    """What the items of a list called `name` are about."""
    plain = name.lower().replace("_", "")
    if plain in {"meanings", "senses", "entries"}:
        return [{**about, **meaning} for meaning in about.get("meanings", [])]
    if plain in {"definitions", "glosses"}:
        inside = about.get("definitions") or [d for m in about.get("meanings", []) for d in m["definitions"]]
        return [{**about, **definition} for definition in inside[:4]]
    if plain == "examples":
        return [about] if about.get("example") else []
    return []


def _string(name: str, about: dict[str, Any]) -> str:
    plain = name.lower().replace("_", "")
    if plain in {"partofspeech", "pos"}:
        return str(about.get("partOfSpeech", "noun"))
    if plain in {"definition", "definitions", "gloss", "meaning"}:
        return _short(str(about.get("definition", "")))
    if plain in {"example", "examples"}:
        return str(about.get("example", ""))
    if plain in {"text", "corrected", "correctedtext", "correction"}:
        return str(about.get("corrected", ""))
    return str(about.get("word", "")) if plain in {"word", "lemma", "headword"} else ""


def _short(definition: str) -> str:
    """A model answers in short: the first clauses that fit."""
    if len(definition) <= LONGEST:
        return definition
    return definition[:LONGEST].rsplit(";", 1)[0].rsplit(" ", 1)[0].rstrip(" ,;:") + "."
