"""Telling: each due message to every channel that has not taken it yet, with pauses that grow;
noted before and after.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...config import Config
from ...drivers import apprise_channel, webhook
from ...errors import ProsePolishError, TellingFailed
from ...model.health import Level
from ...model.incident import Message
from .telling import AlertText

#: Seconds until the next attempt after the first, the second … failure.
PAUSES_S = (15.0, 30.0, 60.0, 120.0, 300.0, 900.0)

#: Levels as apprise names them.
KINDS = {Level.CRITICAL: "failure", Level.WARNING: "warning", Level.OK: "success"}


class Channel(NamedTuple):
    """One way to reach people. `send` raises TellingFailed, or another error of ours for a setting that cannot work."""

    name: str
    send: Callable[[Message, AlertText, dict[str, Any]], None]


class Attempt(NamedTuple):
    """What came of one attempt over all channels. `again_in_s` is None when every channel has the message."""

    told_by: tuple[str, ...]
    again_in_s: float | None
    maybe_told: bool
    failures: dict[str, str]


def by_webhook(url: str, secret: str) -> Channel:
    """A signed webhook."""
    return Channel("webhook", lambda message, _told, body: webhook.post(url, body, key=message.key, secret=secret))


def by_apprise(urls: Sequence[str]) -> Channel:
    """Mail, chats and pagers."""

    def send(message: Message, told: AlertText, _body: dict[str, Any]) -> None:
        apprise_channel.send(urls, told.title, told.text, KINDS.get(message.level, "info"))

    return Channel("apprise", send)


def channels_of(config: Config) -> list[Channel]:
    """Everybody whom the settings name."""
    found = []
    if config.alert_webhook_url:
        secret = config.alert_webhook_secret
        found.append(by_webhook(config.alert_webhook_url.get_secret_value(), secret.get_secret_value() if secret else ""))
    if config.alert_urls and (urls := config.alert_urls.get_secret_value().split()):
        found.append(by_apprise(urls))
    return found


def attempt(message: Message, told: AlertText, body: dict[str, Any], channels: Sequence[Channel]) -> Attempt:
    """Send to each channel that has not taken the message. Never raises an error of ours."""
    told_by, failures, maybe = list(message.told_by), dict[str, str](), False
    for channel in channels:
        if channel.name in told_by:
            continue
        try:
            channel.send(message, told, body)
            told_by.append(channel.name)
        except TellingFailed as error:
            failures[channel.name] = str(error)
            maybe = maybe or error.maybe_told
        except ProsePolishError as error:
            failures[channel.name] = str(error)
    again = PAUSES_S[min(message.attempts, len(PAUSES_S) - 1)] if failures else None
    return Attempt(tuple(told_by), again, maybe, failures)
