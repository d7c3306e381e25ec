"""Logging: one line an event, for people on a terminal, as JSON for programs; set up once for the process.

Our own code logs with structlog; what libraries log through the standard library takes the same way out.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from mailtrip.config import LogFormat, LogLevel

__all__ = ["configure_logging", "hide_secrets"]

_SECRET_WORDS = ("password", "passwd", "secret", "token", "authorization", "credential", "api_key", "cookie")
_HIDDEN = "***"
_CHATTY_LIBRARIES = ("uvicorn", "asyncio", "alembic")
_WEB_CLIENT = ("httpx2", "httpcore2")
"""Log the addresses they ask for, which may hold a secret: at level info, and more of it below."""
_WEB_SERVER = "uvicorn.error"
"""Warns of what clients send, which a hostile one must not fill the log with."""


def configure_logging(*, level: LogLevel, log_format: LogFormat, stream: TextIO = sys.stderr) -> None:
    """Set up structlog and the standard library's logging for the whole process."""
    as_json = log_format is LogFormat.JSON or (log_format is LogFormat.AUTO and not stream.isatty())
    number = getattr(logging, level.name)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(as_json, stream)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for name in (*_CHATTY_LIBRARIES, *_WEB_CLIENT):
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    logging.getLogger(_WEB_SERVER).setLevel(logging.ERROR)


def hide_secrets(
    _logger: object,
    _method: str,
    event: MutableMapping[str, Any],  # Any: structlog's type of an event
) -> MutableMapping[str, Any]:
    """A processor: what stands under a name that smells of a secret is not written, whatever it is."""
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = _HIDDEN
    return event


def _renderers(as_json: bool, stream: TextIO) -> list[structlog.types.Processor]:
    # A trace with the local variables of its frames would show passwords: ours show the code only.
    if as_json:
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [structlog.processors.ExceptionRenderer(frames), structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)]
