"""Tests of prosepolish_core/invalidation/."""
