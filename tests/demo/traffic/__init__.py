"""The traffic source."""
