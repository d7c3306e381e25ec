"""Mailtrip: a monitor of mail delivery."""

__version__ = "0.1.0"
