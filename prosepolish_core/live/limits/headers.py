"""A decision as HTTP fields: `RateLimit-Policy`,
`RateLimit` and `Retry-After` of the IETF draft (revision 10 and later).
"""

from base64 import b64encode
from hashlib import sha256

from ...model.limit import Decision, Limit

#: What a web service answers: quota used up, or reduced because our own server is away, or let through.
TOO_MANY, DEGRADED, OK = 429, 503, 200


def rate_limit_headers(decision: Decision, partition: str = "") -> dict[str, str]:
    """The fields of one answer. `partition` (a user, an address) is shown only as a hash.

    Reset is a span, never a date.
    """
    key = f";pk=:{b64encode(sha256(partition.encode()).digest()[:9]).decode()}:" if partition else ""
    shown = [(_name(state.limit), state) for state in decision.states if not state.limit.shadow]
    headers = {
        "RateLimit-Policy": ", ".join(f'"{name}";q={s.limit.amount};w={s.limit.per_s}{key}' for name, s in shown),
        "RateLimit": ", ".join(
            f'"{name}";r={s.remaining};t={max(0, _seconds(s.reset_us - decision.at_us))}{key}' for name, s in shown
        ),
    }
    if not decision.allowed and not decision.never:
        headers["Retry-After"] = str(max(1, _seconds(decision.retry_after_us)))
    return {name: value for name, value in headers.items() if value}


def rate_limit_status(decision: Decision) -> int:
    """200, 429, or 503 when we refuse because we cannot count."""
    return OK if decision.allowed else DEGRADED if decision.degraded else TOO_MANY


def _name(limit: Limit) -> str:
    """A policy's name as a structured string:
    printable ASCII, quotes and backslashes escaped, the window told apart.
    """
    text = f"{limit.name or 'limit'}-{limit.per_s}s"
    return "".join(f"\\{c}" if c in '"\\' else c if " " <= c <= "~" else "?" for c in text)


def _seconds(us: int) -> int:
    """Whole seconds, rounded up: a client that waits so long has waited long enough."""
    return -(-us // 1_000_000)
