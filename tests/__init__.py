"""Tests mirror the tree, file for file."""
