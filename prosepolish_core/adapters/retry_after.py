"""How long an upstream asks us to stay away: the Retry-After header, or Gemini's RetryInfo."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

#: We never stay away longer than this, whatever the header says: a wrong clock must not switch a tier off for days.
LONGEST_S = 900.0
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")


def from_headers(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by `Retry-After` (a number, or an HTTP date); None when absent or unreadable."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_S)
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return min(max((instant - now).total_seconds(), 0.0), LONGEST_S)


def from_error(body: Any) -> float | None:
    """Seconds to wait by the `retryDelay` of a Google error body; None when it has none."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and _SECONDS.fullmatch(delay.removesuffix("s")):
            return min(float(delay.removesuffix("s")), LONGEST_S)
    return None
