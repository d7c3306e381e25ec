"""The composition root: it makes the objects of the program from the settings, and closes them in reverse."""

from mailtrip.bootstrap.loop import run_async
from mailtrip.bootstrap.prober import Prober

__all__ = ["Prober", "run_async"]
