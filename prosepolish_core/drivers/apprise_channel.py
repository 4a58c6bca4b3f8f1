"""Mail, Slack, Teams, ntfy and a hundred more, through apprise, which is imported when it is first needed."""

from collections.abc import Sequence

from ..errors import ConfigError, TellingFailed


def send(urls: Sequence[str], title: str, text: str, kind: str) -> None:
    """Send to every address. `kind` is apprise's: `info`, `success`, `warning` or `failure`.

    Raises TellingFailed, ConfigError.
    """
    try:
        import apprise
    except ImportError:
        raise ConfigError("PROSEPOLISH_ALERT_URLS needs the package apprise: install prosepolish[alerts]") from None
    sender = apprise.Apprise()
    for number, url in enumerate(urls, start=1):
        if not sender.add(url):
            raise ConfigError(f"PROSEPOLISH_ALERT_URLS: address {number} is not one that apprise knows")
    if not sender.notify(body=text, title=title, notify_type=apprise.NotifyType(kind)):
        raise TellingFailed("at least one of the addresses did not take the message", maybe_told=True)
