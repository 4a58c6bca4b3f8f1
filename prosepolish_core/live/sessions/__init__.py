"""Sessions: opaque tokens, rotation, reuse detection, log-out everywhere."""
