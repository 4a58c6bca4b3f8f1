"""Profiles and settings of users: PostgreSQL is the truth, Redis the copy (15 min, 1 h), fenced against late fills."""

from .service import UserRecords

__all__ = ["UserRecords"]
