"""`prosepolish_alert_channel_*`: whether people can be told, so that another system notices when nobody is."""

from collections.abc import Iterable

from ...model.incident import ChannelState
from .family import Families

UP_HELP = "Whether the channel took its newest message"
ATTEMPTS_HELP = "Attempts to tell somebody by this channel, by what came of them"
WAITING_HELP = "Messages that are not told yet"


def add_channels(families: Families, channels: Iterable[ChannelState]) -> None:
    """Of each channel that ever told or failed."""
    for channel in channels:
        name = ("channel", channel.channel)
        families.add("prosepolish_alert_channel_up", "gauge", float(not channel.failure), (name,), UP_HELP)
        families.add("prosepolish_alert_channel_waiting", "gauge", float(channel.waiting), (name,), WAITING_HELP)
        for outcome, total in (("failed", channel.failed_total), ("told", channel.told_total)):
            labels = (name, ("outcome", outcome))
            families.add("prosepolish_alert_channel_attempts_total", "counter", float(total), labels, ATTEMPTS_HELP)
