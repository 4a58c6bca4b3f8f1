"""Ports on loopback: finding a free one, telling whether one is taken."""

import random
import socket

#: Below the range from which systems take the ports of outgoing connections: nothing else wanders in there.
QUIET = range(18_000, 32_000)


def free_port() -> int:
    """A port that was free a moment ago, and is not likely to be taken by chance."""
    for _ in range(50):
        if is_free(port := random.choice(QUIET)):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
