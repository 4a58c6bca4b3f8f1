"""The drivers at the edge."""
