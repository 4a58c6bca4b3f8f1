"""Tests of prosepolish_core/cli/."""
