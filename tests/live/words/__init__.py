"""Tests of prosepolish_core/lookup."""
