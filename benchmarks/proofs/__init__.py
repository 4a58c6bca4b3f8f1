"""Proof campaigns for limits and sessions: seeded, replayable, one row of a table each.

`python -m benchmarks.proofs`.
"""
