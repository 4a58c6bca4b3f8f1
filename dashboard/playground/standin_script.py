"""Tells the demo's stand-ins what to do wrong, at the address that `prosepolish up` gives the dashboard."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard import runtime
from prosepolish_core.drivers.http_bounded import bounded_client, deadline

#: It lies on this machine and answers at once.
PATIENCE_S = 2.0
MOST_BYTES = 100_000

#: Upstream -> what it does wrong now, as the stand-ins tell it.
Script = Mapping[str, Sequence[Mapping[str, Any]]]


def now() -> Script:
    """What is scripted. Raises UpstreamFault where the stand-ins do not answer."""
    return _ask("GET", "/faults")


def replace(upstream: str, fault: Mapping[str, Any]) -> Script:
    """From now on the upstream does this wrong and nothing else, until it is mended. Raises UpstreamFault."""
    mend(upstream)
    return _ask("POST", "/faults", {"upstream": upstream, **fault})


def mend(upstream: str) -> Script:
    """The upstream is well again. Raises UpstreamFault."""
    return _ask("POST", f"/clear?upstream={upstream}")


def _ask(method: str, path: str, body: Mapping[str, Any] | None = None) -> Script:
    address = runtime.core().config.faults_url
    with bounded_client(address, max_bytes=MOST_BYTES, json_only=True) as client, deadline(PATIENCE_S):
        told: Script = client.request(method, f"{address}{path}", json=body).json()
    return told
