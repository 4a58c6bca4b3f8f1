"""Tests of prosepolish_core/model."""
