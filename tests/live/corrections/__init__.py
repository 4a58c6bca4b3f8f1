"""Corrections behind their cache."""
