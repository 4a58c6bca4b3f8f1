"""The names that our tables may know a model by."""

import pytest

from prosepolish_core.live.llm.models import names_of


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("models/gemini-2.5-flash", ("gemini-2.5-flash",)),
        ("Gemini-2.5-Flash-001", ("gemini-2.5-flash-001", "gemini-2.5-flash")),
        ("gemini-2.5-flash-lite-preview-09-2025", ("gemini-2.5-flash-lite-preview-09-2025",)),
        ("", ("",)),
    ],
)
def test_a_model_is_looked_for_as_written_and_then_without_its_revision(model: str, names: tuple[str, ...]) -> None:
    """A date at the end is no revision."""
    assert names_of(model) == names
