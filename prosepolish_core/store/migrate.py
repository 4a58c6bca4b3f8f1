"""Ordered SQL files under one lock, each applied once and held to its checksum."""


def migrate(url: str) -> list[str]:
    """Apply what is missing; returns the names applied."""
    return []
