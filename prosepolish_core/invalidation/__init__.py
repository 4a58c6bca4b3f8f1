"""Invalidation by pattern: SCAN and UNLINK in slices."""
