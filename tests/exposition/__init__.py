"""Tests of `/metrics`."""
