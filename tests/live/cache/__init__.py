"""Tests of prosepolish_core/caching."""
