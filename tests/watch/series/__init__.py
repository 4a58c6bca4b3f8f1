"""Tests of prosepolish_core/store."""
