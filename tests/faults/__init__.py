"""The whole Core on real servers that are broken on purpose."""
