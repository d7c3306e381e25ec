"""Times as the vendor writes them (alertsite-v3.md, 1.5)."""

from datetime import UTC, datetime

__all__ = ["show_plain_time", "show_time"]


def show_time(moment: datetime) -> str:
    """UTC, whole seconds, with `Z`: `2026-01-31T12:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def show_plain_time(moment: datetime) -> str:
    """UTC, whole seconds, no mark of the zone: `2026-01-31 12:00:00`, as reports have it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
