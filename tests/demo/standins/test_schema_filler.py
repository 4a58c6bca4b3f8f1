"""Response schemas filled with what the dictionary knows."""

from typing import Any

from demo.lexicon import lexicon
from demo.standins.schema_filler import LONGEST, fill
from prosepolish_core.live.llm.prompts import DEFINE


def test_the_schema_of_a_definition_is_filled_for_a_known_word() -> None:
    """The shape the core asks for comes back with real definitions, none too long."""
    filled: Any = fill(dict(DEFINE.schema), "state", lexicon().raw("state"), "state")

    assert filled["known"] is True
    assert {"noun", "verb"} <= {m["part_of_speech"] for m in filled["meanings"]}
    assert all(0 < len(d["definition"]) <= LONGEST + 1 for m in filled["meanings"] for d in m["definitions"])


def test_an_unknown_word_is_said_to_be_unknown() -> None:
    """No meanings are invented."""
    assert fill(dict(DEFINE.schema), "qqzx", None, "qqzx") == {"known": False, "meanings": []}


def test_types_may_be_numbers_names_or_lists() -> None:
    """The SDKs send types in several forms; all mean the same."""
    for text in (1, "STRING", "string", ["string", "null"]):
        assert fill({"type": "object", "properties": {"word": {"type": text}}}, "cat", None, "cat") == {"word": "cat"}
