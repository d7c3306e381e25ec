"""The command line. Each command's module is loaded when it is asked for, and heavy imports stand inside the commands."""

from mailtrip.cli.entry import main

__all__ = ["main"]
