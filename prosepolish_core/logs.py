"""Logging: one JSON object a line (or text for people) on stderr, in UTC, without values of keys, texts or tokens."""

import logging
import sys
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog

from .config import Config
from .errors import ProsePolishError

#: Fields that are never printed, whatever somebody logs.
WITHHELD = frozenset(
    {"key", "keys", "word", "words", "text", "texts", "token", "tokens", "value", "values", "password", "secret", "url", "dsn"}
    | {"prompt", "answer", "email", "user", "user_id", "body"}
)
#: Libraries that put addresses or bodies into their messages; only their warnings are let through.
TALKATIVE = ("httpx", "httpcore", "urllib3", "google", "asyncio", "watchdog", "apscheduler")
#: It names addresses and users in what it warns of; the faults it meets are reported by us.
SILENT = ("psycopg",)
DEEPEST_FRAMES = 8
OURS = "prosepolish"


def configure(config: Config, stream: TextIO | None = None) -> None:
    """Set up logging for this process: structlog and the standard library in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        withhold,
        describe_error,
        name_the_trace,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(sort_keys=False, default=str)
        if config.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, timestamp_key="ts")
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    handler.set_name(OURS)
    for old in [h for h in root.handlers if h.name == OURS]:  # configuring twice replaces it
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(config.log_level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.ERROR)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    for sentence in config.ignored:
        structlog.get_logger("config").warning("setting_ignored", reason=sentence)


def withhold(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace values that may be personal or secret."""
    for name in WITHHELD & event.keys():
        event[name] = "[withheld]"
    return event


def describe_error(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its kind and where it happened. Its message only when it is ours: a driver's may quote values."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else (given[1] if isinstance(given, tuple) else sys.exc_info()[1])
    if error is not None:
        event["error"] = type(error).__name__
        event["at"] = _frames(error.__traceback__)
        if isinstance(error, ProsePolishError):
            event["reason"] = str(error)
    return event


def name_the_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Trace and span that the line belongs to, where somebody traces: OpenTelemetry is asked only once it is loaded."""
    if (tracing := sys.modules.get("opentelemetry.trace")) is not None:
        context = tracing.get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"], event["span_id"] = f"{context.trace_id:032x}", f"{context.span_id:016x}"
    return event


def where(error: BaseException) -> str:
    """The file and line an exception comes from."""
    return (_frames(error.__traceback__) or ["?"])[-1]


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        frames.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-DEEPEST_FRAMES:]
