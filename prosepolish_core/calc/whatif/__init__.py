"""What another time to live, more memory or another policy would do: the access trace, played again."""
