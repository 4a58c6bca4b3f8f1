"""Tests of prosepolish_core/calc."""
