"""The cache identity of an LLM answer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.llm.prompts import CORRECT, RequestKeys
from prosepolish_core.model.llm import LlmRequest

BASE = CORRECT.request("gemini-2.5-flash", "Teh text.")


def request_key(task: str, version: int, request: LlmRequest) -> str:
    return RequestKeys(task, version, request).key(request)


def test_it_is_32_hex_digits_and_steady() -> None:
    """128 bits; the same on every machine and in every run, so that a deploy does not empty the cache."""
    assert re.fullmatch("[0-9a-f]{32}", request_key("correct", 1, BASE))
    fixed = LlmRequest("Fix.", "Teh", "m", 0.0, 100, {"type": "OBJECT"})
    assert request_key("correct", 1, fixed) == "1c26b480a2a5d39f4321042ab6cb68ca"


@pytest.mark.parametrize(
    "other",
    [
        BASE._replace(text="Teh text"),
        BASE._replace(text="Teh text.\n"),
        BASE._replace(model="gemini-2.5-flash-lite"),
        BASE._replace(instructions=BASE.instructions + " "),
        BASE._replace(temperature=0.1),
        BASE._replace(max_output_tokens=BASE.max_output_tokens + 1),
        BASE._replace(json_schema=None),
        BASE._replace(json_schema={}),
    ],
)
def test_everything_that_shapes_the_answer_is_in_the_key(other: LlmRequest) -> None:
    """Another text, model, wording, sampling setting or schema is another key."""
    assert request_key("correct", 1, other) != request_key("correct", 1, BASE)


def test_task_and_version_are_in_the_key() -> None:
    """A changed prompt version, or another task, never meets old answers."""
    assert len({request_key("correct", 1, BASE), request_key("correct", 2, BASE), request_key("define", 1, BASE)}) == 3


parts = st.tuples(st.text(max_size=4), st.text(max_size=4), st.text(max_size=4))


@given(parts, parts)
def test_moving_letters_between_fields_makes_another_key(one: tuple[str, str, str], two: tuple[str, str, str]) -> None:
    """Fields are length-delimited: ('ab', 'c') and ('a', 'bc') do not meet."""
    keys = [request_key(task, 1, BASE._replace(model=model, text=text)) for task, model, text in (one, two)]
    assert (keys[0] == keys[1]) == (one == two)


def test_the_order_in_which_a_schema_was_written_does_not_matter() -> None:
    """Two equal schemas are one key."""
    keys = {request_key("t", 1, BASE._replace(json_schema=schema)) for schema in ({"a": 1, "b": 2}, {"b": 2, "a": 1})}
    assert len(keys) == 1


def test_keys_of_one_prompt_are_the_same_keys_and_take_no_other_request() -> None:
    """The shortcut for many texts gives what the definition gives, and refuses a request of another prompt or model."""
    keys = RequestKeys("correct", 1, BASE)
    other = CORRECT.request(BASE.model, "x" * 500)
    assert keys.key(other) == request_key("correct", 1, other)
    for wrong in (BASE._replace(model="m"), BASE._replace(temperature=0.5), BASE._replace(json_schema=None)):
        with pytest.raises(ValueError, match="not one of this prompt"):
            keys.key(wrong)
