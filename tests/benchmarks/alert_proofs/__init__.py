"""Slices of the proofs of alerts."""
