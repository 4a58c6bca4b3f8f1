"""The demo: embedded servers, stand-in upstreams, traffic, the supervisor."""
