"""Tests of prosepolish_core/profiles/."""
