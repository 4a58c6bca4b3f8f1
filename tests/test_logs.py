"""Logs: one JSON object a line, in UTC, and no values."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from prosepolish_core import Config, logs
from prosepolish_core.errors import StoreUnavailable


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """JSON logs of level INFO into memory; everything as before afterwards."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    found = io.StringIO()
    logs.configure(Config.from_env({}), found)
    yield found
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """What was logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_with_its_instant_in_utc(stream: io.StringIO) -> None:
    """Event, level, logger and fields; the time ends in Z."""
    structlog.get_logger("t").info("tier_down", tier="redis", duration_s=0.05)
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["tier"], line["duration_s"]) == ("tier_down", "info", "redis", 0.05)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(str(line["ts"]))).total_seconds()) < 60
    assert str(line["ts"]).endswith("Z")


@pytest.mark.parametrize("field", ["word", "text", "token", "password", "key", "url", "user_id", "prompt"])
def test_values_are_withheld(stream: io.StringIO, field: str) -> None:
    """Whatever somebody logs under these names is not printed, by structlog or the standard library."""
    structlog.get_logger("t").warning("asked", **{field: "hush-hush"})
    logging.getLogger("t").warning("plain", extra={field: "hush-hush"})
    assert "hush-hush" not in stream.getvalue()
    assert lines(stream)[0][field] == "[withheld]"


def test_an_exception_shows_its_kind_and_place_but_a_drivers_message_is_not_repeated(stream: io.StringIO) -> None:
    """A driver's message may quote values; our own is a sentence we wrote."""
    for error in (ValueError("hush-hush"), StoreUnavailable("PostgreSQL is away")):
        try:
            raise error
        except ValueError:
            structlog.get_logger("t").exception("failed")
        except StoreUnavailable:
            logging.getLogger("t").exception("failed")
    first, second = lines(stream)
    assert (first["error"], "test_logs.py" in str(first["at"])) == ("ValueError", True)
    assert (second["error"], second["reason"]) == ("StoreUnavailable", "PostgreSQL is away")
    assert "hush-hush" not in stream.getvalue()


def test_an_exception_caught_earlier_is_described_too(stream: io.StringIO) -> None:
    """`exc_info=error` works outside the handler."""
    structlog.get_logger("t").error("failed", exc_info=KeyError("hush-hush"))
    assert (lines(stream)[0]["error"], "hush-hush" in stream.getvalue()) == ("KeyError", False)


def test_the_level_and_talkative_libraries_are_respected(stream: io.StringIO) -> None:
    """DEBUG is not shown at INFO, and libraries that log addresses are quiet."""
    structlog.get_logger("t").debug("hidden")
    logging.getLogger("httpx").info("HTTP Request: GET http://x/hush-hush")
    assert stream.getvalue() == ""


def test_configuring_again_replaces_the_handler(stream: io.StringIO) -> None:
    """One line stays one line."""
    logs.configure(Config.from_env({}), stream)
    logging.getLogger("t").info("once")
    assert len(lines(stream)) == 1


def test_the_console_form_is_text_for_people() -> None:
    """LOG_FORMAT=console prints no JSON and no colours."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    found = io.StringIO()
    logs.configure(Config.from_env({"LOG_FORMAT": "console"}), found)
    structlog.get_logger("t").info("tier_down", tier="redis", word="hush-hush")
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    assert "tier_down" in found.getvalue()
    assert "redis" in found.getvalue()
    assert not {"hush-hush", "\x1b"} & set(found.getvalue().split())


def test_options_that_mean_nothing_are_told_when_logging_is_set_up(stream: io.StringIO) -> None:
    """One warning for each setting; the option is named, its value is not."""
    logs.configure(Config.from_env({"DATABASE_URL": "postgresql://u:hush@h/x?pgbouncer=hush"}), stream)
    (line,) = lines(stream)
    assert (line["event"], line["level"]) == ("setting_ignored", "warning")
    assert "DATABASE_URL: pgbouncer" in str(line["reason"])
    assert "hush" not in str(line)


def test_a_line_inside_a_span_names_its_trace(stream: io.StringIO) -> None:
    """A line of the standard library too; outside a span there is nothing to name."""
    tracer = TracerProvider().get_tracer("t")
    with tracer.start_as_current_span("lookup") as span:
        logging.getLogger("library").warning("inside")
        structlog.get_logger("t").warning("inside too")
    structlog.get_logger("t").warning("outside")
    context = span.get_span_context()
    named = (f"{context.trace_id:032x}", f"{context.span_id:016x}")
    assert [(line.get("trace_id"), line.get("span_id")) for line in lines(stream)] == [named, named, (None, None)]
