"""Redis behind TLS: the direct connections work there as well.

The embedded server has no TLS, so a small proxy adds it.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from prosepolish_core.live.cache import Loaded
from prosepolish_core.model.outcome import Outcome
from tests.drivers.test_redis_client import cache_at
from tests.support.tls import self_signed

pytestmark = pytest.mark.live


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate for loopback."""
    return self_signed(tmp_path)


@pytest.fixture
def tls_url(valkey_url: str, certificate: Path) -> Iterator[str]:
    """The address of a proxy that speaks TLS and passes everything on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with suppress(ssl.SSLError):
                    client = context.wrap_socket(plain, server_side=True)
                    server = socket.create_connection(("127.0.0.1", urlsplit(valkey_url).port or 0))
                    threading.Thread(target=pass_on, args=(client, server), daemon=True).start()
                    threading.Thread(target=pass_on, args=(server, client), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"rediss://localhost:{listener.getsockname()[1]}/0"
    listener.close()


def test_lookups_go_through_tls(tls_url: str, certificate: Path) -> None:
    """Fills, hits and values larger than one TLS record."""
    with cache_at(f"{tls_url}?ssl_ca_certs={certificate}") as cache:
        large = [str(n) for n in range(1000)]
        assert not cache.get_or_load("a", lambda until: Loaded(large), 3).degraded
        found = cache.get_or_load("a", lambda until: Loaded("other"), 3)
        assert (found.value, found.outcome) == (large, Outcome.HIT)


def test_a_certificate_nobody_vouches_for_is_refused(tls_url: str) -> None:
    """The answer comes from below, and says that Redis could not be used."""
    with cache_at(tls_url) as cache:
        found = cache.get_or_load("a", lambda until: Loaded("v"), 3)
        assert (found.value, found.degraded, found.filled) == ("v", True, False)
