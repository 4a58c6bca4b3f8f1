"""One setting: a field of the configuration that is read from one environment variable."""

from typing import Any

from pydantic import AliasChoices, Field


def setting(name: str, default: Any, description: str, **limits: Any) -> Any:
    """A field that the variable `name` sets."""
    return Field(default, validation_alias=AliasChoices(name), description=description, **limits)
