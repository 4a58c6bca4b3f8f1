"""Profiles and settings of users: PostgreSQL is the truth, Redis the copy (15 min, 1 h), fenced against late fills."""

from .user_records import UserRecords

__all__ = ["UserRecords"]
