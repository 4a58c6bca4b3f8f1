"""Clearing by family: SCAN and UNLINK in slices, with progress; a family is accepted, never a pattern."""

from .clearing import Cleared, Clearing, Progress

__all__ = ["Cleared", "Clearing", "Progress"]
