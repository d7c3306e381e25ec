"""Logging: its formats, its levels, and that no secret gets into it."""

import io
import json
import logging
from collections.abc import Iterator

import httpx2
import pytest
import structlog

from mailtrip.bootstrap.logs import configure_logging, hide_secrets
from mailtrip.bootstrap.web_client import open_web_client
from mailtrip.config import LogFormat, LogLevel


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def log_to(stream: io.StringIO, log_format: LogFormat, level: LogLevel = LogLevel.INFO) -> structlog.stdlib.BoundLogger:
    configure_logging(level=level, log_format=log_format, stream=stream)
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("test")
    return logger


def test_json_is_one_object_a_line_with_time_and_level() -> None:
    stream = io.StringIO()

    log_to(stream, LogFormat.JSON).info("run", monitor=7)

    event = json.loads(stream.getvalue())
    assert (event["event"], event["monitor"], event["level"]) == ("run", 7, "info")
    assert event["timestamp"].endswith("Z")


@pytest.mark.parametrize(("stream", "is_json"), [(io.StringIO(), True), (Terminal(), False)])
def test_auto_is_for_people_on_a_terminal_and_json_elsewhere(stream: io.StringIO, is_json: bool) -> None:
    log_to(stream, LogFormat.AUTO).warning("hello")

    assert stream.getvalue().startswith("{") is is_json
    assert "hello" in stream.getvalue()


def test_less_important_messages_are_left_out() -> None:
    stream = io.StringIO()
    logger = log_to(stream, LogFormat.JSON, LogLevel.WARNING)

    logger.info("small talk")
    logger.warning("news")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["news"]


def test_what_libraries_log_takes_the_same_way_out() -> None:
    stream = io.StringIO()
    log_to(stream, LogFormat.JSON)

    logging.getLogger("some.library").warning("it is %s", "late")
    logging.getLogger("uvicorn.error").info("Started server process")

    [event] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert event["event"] == "it is late"


async def test_the_web_client_logs_no_address_at_any_level() -> None:
    stream = io.StringIO()
    log_to(stream, LogFormat.JSON, LogLevel.DEBUG)

    async with open_web_client() as web:
        with pytest.raises(httpx2.ConnectError):
            await web.get("http://127.0.0.1:1/ping/s3cret")

    assert stream.getvalue() == ""


def test_clients_can_not_fill_the_log_with_what_is_no_http() -> None:
    stream = io.StringIO()
    log_to(stream, LogFormat.JSON, LogLevel.DEBUG)

    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["Exception in ASGI application"]


def fail_with_a_password() -> None:
    password = "hunter2"
    raise ValueError(f"a fault with {len(password)} letters")


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.CONSOLE])
def test_a_trace_shows_the_code_but_no_variable(log_format: LogFormat) -> None:
    stream = io.StringIO()
    logger = log_to(stream, log_format)

    try:
        fail_with_a_password()
    except ValueError:
        logger.exception("failed")

    assert "fail_with_a_password" in stream.getvalue()
    assert "a fault with 7 letters" in stream.getvalue()
    assert "'hunter2'" not in stream.getvalue()


def test_what_is_named_like_a_secret_is_hidden() -> None:
    event = {"event": "login", "email": "me@example.com", "password": "a", "SMTP_Password": "b", "access_token": "c"}

    assert hide_secrets(None, "info", dict(event)) == {
        "event": "login",
        "email": "me@example.com",
        "password": "***",
        "SMTP_Password": "***",
        "access_token": "***",
    }
