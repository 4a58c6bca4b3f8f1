"""Whether an address answers: opens a TCP connection and closes it again. Costs no request and no money."""

import socket
from time import perf_counter
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


def reach(url: str, timeout_s: float) -> float:
    """Seconds it took to connect to the host of this URL. Raises OSError when it cannot be reached."""
    parts = urlsplit(url)
    before = perf_counter()
    with socket.create_connection((parts.hostname or "", parts.port or PORTS.get(parts.scheme, 443)), timeout=timeout_s):
        return perf_counter() - before
