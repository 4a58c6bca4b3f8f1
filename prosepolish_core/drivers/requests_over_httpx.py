"""A requests adapter that sends through our bounded httpx client, for an SDK that is built on requests."""

import io
from collections.abc import Mapping

import httpx
import requests
from requests.adapters import BaseAdapter


class RequestsOverHttpx(BaseAdapter):
    """Mounted on a requests session, it gives that session the client's deadline, byte cap and refusals."""

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self._client = client

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send once. The client's own deadline, trust store and absence of proxies apply, not the arguments."""
        del stream, timeout, verify, cert, proxies
        body = request.body if isinstance(request.body, bytes | str) else None
        headers = {name: value if isinstance(value, str) else value.decode("latin-1") for name, value in request.headers.items()}
        reply = self._client.request(str(request.method), str(request.url), headers=headers, content=body)
        response = requests.Response()
        response.status_code = reply.status_code
        response.headers.update(reply.headers)
        response.raw = io.BytesIO(reply.content)
        response.encoding = "utf-8"
        response.url = str(request.url)
        response.request = request
        return response

    def close(self) -> None:
        """The client belongs to the backend, which closes it."""
