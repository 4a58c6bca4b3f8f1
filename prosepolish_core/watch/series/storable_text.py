"""Text and labels as PostgreSQL can keep them, and back."""

from collections.abc import Mapping

from ...model.sample import Labels


def clean(text: str) -> str:
    """Text as PostgreSQL can keep it: no NUL, no lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def labels_tuple(labels: Mapping[str, str]) -> Labels:
    """Labels back from the database as sorted pairs."""
    return tuple(sorted(labels.items()))
