"""The composition root: it makes the objects of the program from the settings, and closes them in reverse."""

from mailtrip.bootstrap.logs import configure_logging
from mailtrip.bootstrap.loop import run_async
from mailtrip.bootstrap.storage import open_database

__all__ = ["configure_logging", "open_database", "run_async"]
