"""The table of named limits."""

from prosepolish_core.limits.named import NAMED, named


def test_every_named_limit_can_be_used() -> None:
    """Subjects are told apart by their rows."""
    subjects = [named(name, "1:llm" if "{id}" in row.subject else "")[0] for name, row in NAMED.items()]
    assert len(set(subjects)) == len(subjects)
    assert all("1:llm" not in subject for subject in subjects)
