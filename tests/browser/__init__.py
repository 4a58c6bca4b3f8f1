"""The whole stack in a real browser."""
