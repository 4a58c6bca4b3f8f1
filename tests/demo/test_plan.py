"""What is started and what is found."""

import pytest

from demo.plan import DemoPlan


def test_with_nothing_set_everything_is_ours() -> None:
    """Three embedded servers and two stand-ins."""
    plan = DemoPlan.of({})

    assert plan.embedded == ("cache", "state", "postgres")
    assert plan.stand_ins == ("dictionary_api", "gemini")


@pytest.mark.parametrize(
    ("name", "embedded", "stand_ins"),
    [
        ("REDIS_URL", ("postgres",), ("dictionary_api", "gemini")),
        ("REDIS_HOST", ("postgres",), ("dictionary_api", "gemini")),
        ("REDIS_STATE_URL", ("cache", "postgres"), ("dictionary_api", "gemini")),
        ("DATABASE_URL_FILE", ("cache", "state"), ("dictionary_api", "gemini")),
        ("DICTIONARY_API_URL", ("cache", "state", "postgres"), ("gemini",)),
        ("GEMINI_API_KEY", ("cache", "state", "postgres"), ("dictionary_api",)),
    ],
)
def test_what_is_set_is_used_and_nothing_is_started_for_it(
    name: str, embedded: tuple[str, ...], stand_ins: tuple[str, ...]
) -> None:
    """An address from the environment replaces our own server; an empty one counts as unset."""
    assert DemoPlan.of({name: "x"}).embedded == embedded
    assert DemoPlan.of({name: "x"}).stand_ins == stand_ins
    assert DemoPlan.of({name: ""}) == DemoPlan.of({})
