"""The stand-in upstreams."""
