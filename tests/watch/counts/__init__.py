"""Tests of prosepolish_core/telemetry/."""
