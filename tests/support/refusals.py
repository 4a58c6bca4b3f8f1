"""What a reader of settings says to a value: the sentence it refuses it with, or nothing when it takes it."""

from collections.abc import Callable

from prosepolish_core.errors import ConfigError


def refusal(read: Callable[[], object]) -> str:
    """The sentence, which is one line; empty when the value is taken. Any other error passes and fails the test."""
    try:
        read()
    except ConfigError as error:
        assert str(error)  # noqa: PT017 - whatever is raised is looked at by the caller
        assert "\n" not in str(error)  # noqa: PT017
        return str(error)
    return ""
