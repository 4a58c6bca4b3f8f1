"""Tests of the recovery campaign, and its slice."""
