"""Refusals of one instance: which questions it does not answer, why, and when each is worth another try."""

import time
from typing import NamedTuple

from hiredis import ReplyError

from ...drivers.redis_faults import classify
from ...errors import SourceRefused, SourceTimeout, SourceUnavailable, SourceUnreadable

#: A refused question rests this long, then twice as long, up to the last one.
FIRST_REST_S, LONGEST_REST_S = 300.0, 3600.0
#: Reasons that tell of the server's moment, not of a command it will never run for us.
PASSING = frozenset(
    {"loading", "busy_script", "master_down", "out_of_memory", "moved", "cluster_down", "misconf", "read_only", "no_replicas"}
)
#: Reasons that concern the whole connection, whatever was asked.
OF_THE_CONNECTION = frozenset({"max_clients", "not_authenticated", "protected_mode"})
#: Words of the drivers that collectors call otherwise.
_OURS = {"auth": "not_authenticated", "not_understood": "unsupported"}
#: Words in a server's sentence -> our word for it; the first that is found counts.
_PHRASES = (
    ("protected mode", "protected_mode"),
    ("no permissions", "no_permission"),
    ("unknown command", "unknown_command"),
    ("unknown subcommand", "unknown_command"),
    ("unsupported command", "unknown_command"),
    ("not available", "unknown_command"),
    ("wrong number of arguments", "unsupported"),
    ("support", "unsupported"),
    ("unknown", "unsupported"),
)


class Refusal(NamedTuple):
    """A question the instance does not answer for us: why, and when it is worth another try (monotonic seconds)."""

    command: str
    reason: str
    retry_at: float
    rest_s: float


class Refusals(dict[str, Refusal]):
    """By question. Each further refusal doubles the rest; an answer ends it."""

    def resting(self, asked: str) -> SourceRefused | None:
        """The refusal while the question rests."""
        refusal = self.get(asked)
        return SourceRefused(refusal.reason, asked) if refusal and time.monotonic() < refusal.retry_at else None

    def note(self, asked: str, reason: str) -> SourceRefused:
        """Remember a refusal, unless its reason will pass by itself. Several in one round trip are one."""
        before, now = self.get(asked), time.monotonic()
        if reason not in PASSING and not (before and now < before.retry_at):
            rest_s = min(LONGEST_REST_S, before.rest_s * 2) if before else FIRST_REST_S
            self[asked] = Refusal(asked, reason, now + rest_s, rest_s)
        return SourceRefused(reason, asked)


def reason_of(error: BaseException) -> str:
    """Why something was refused, as a short machine word:
    never the server's own sentence, which may quote arguments.
    """
    word = classify(error)[1]
    if word in {"redis_error", "unexpected"}:
        sentence = str(error).lower()
        return next((reason for phrase, reason in _PHRASES if phrase in sentence), "refused")
    return _OURS.get(word, word)


def typed(error: BaseException) -> SourceUnavailable | SourceRefused | SourceUnreadable:
    """A driver's error, or the reply to a log-in, as ours."""
    outcome, word = classify(error)
    if outcome == "timeout":
        return SourceTimeout("no answer in time")
    if isinstance(error, ReplyError) or word not in {"connection", "refused", "garbage", "unexpected"}:
        return SourceRefused(reason_of(error), "connect")
    return SourceUnreadable("connect") if word in {"garbage", "unexpected"} else SourceUnavailable("cannot be reached")
