"""A webhook: one signed POST of JSON within a deadline, and a plain GET for a heartbeat. No redirects, no retries."""

import hmac
from typing import Any

import httpx
import orjson

from ..errors import TellingFailed

#: The whole of one attempt, in seconds.
DEADLINE_S = 10.0
#: HMAC-SHA256 of the body under the shared secret, in hex, as `sha256=…`.
SIGNATURE = "X-ProsePolish-Signature"


def post(url: str, body: dict[str, Any], *, key: str, secret: str = "") -> None:
    """Send the body. `key` is the same at every attempt.

    Raises TellingFailed; `maybe_told` when the request may have arrived.
    """
    raw = orjson.dumps(body)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "ProsePolish"}
    if secret:
        headers[SIGNATURE] = "sha256=" + hmac.new(secret.encode(), raw, "sha256").hexdigest()
    _ask("POST", url, headers, raw)


def beat(url: str) -> None:
    """Tell an outside service that we live. Raises TellingFailed."""
    _ask("GET", url, {"User-Agent": "ProsePolish"}, None)


def _ask(method: str, url: str, headers: dict[str, str], raw: bytes | None) -> None:
    try:
        with httpx.Client(timeout=DEADLINE_S, trust_env=False, follow_redirects=False) as client:
            status = client.request(method, url, headers=headers, content=raw).status_code
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TellingFailed(f"the address does not answer ({type(error).__name__})", maybe_told=False) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise TellingFailed(f"no usable reply ({type(error).__name__})", maybe_told=True) from None
    if not 200 <= status < 300:
        raise TellingFailed(f"the address answered {status}", maybe_told=False)
