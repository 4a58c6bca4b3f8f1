"""Tests of what Redis says about itself."""
