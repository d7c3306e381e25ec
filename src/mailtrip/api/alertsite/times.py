"""Times as the vendor writes them (alertsite-v3.md, 1.5)."""

import re
from datetime import UTC, datetime, time
from typing import Final

from mailtrip.api.codecs import JSON, BadValue, Codec, kind_of, shown

__all__ = ["plain_time", "show_plain_time", "show_time", "time_of_day"]

_PLAIN: Final = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\Z", re.ASCII)
_TIME_OF_DAY: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"


def show_time(moment: datetime) -> str:
    """UTC, whole seconds, with `Z`: `2026-01-31T12:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def show_plain_time(moment: datetime) -> str:
    """UTC, whole seconds, no mark of the zone: `2026-01-31 12:00:00`, as reports have it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")


def plain_time() -> Codec[datetime]:
    """`YYYY-MM-DD HH:MM:SS`, in UTC."""

    def parse(value: object) -> datetime:
        if not isinstance(value, str):
            raise BadValue(f"must be text, not {kind_of(value)}")
        try:
            if _PLAIN.match(value):
                return datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            pass
        raise BadValue(f"must be a time like 2026-01-31 12:00:00, in UTC, not {shown(value)}")

    schema: dict[str, JSON] = {"type": "string", "format": "plain-time"}
    return Codec(parse=parse, write=show_plain_time, accepts=schema, returns=schema)


def time_of_day() -> Codec[time]:
    """`hh:mm`, in UTC."""
    pattern = re.compile(rf"{_TIME_OF_DAY}\Z")

    def parse(value: object) -> time:
        if not isinstance(value, str) or not pattern.match(value):
            raise BadValue(f"must be a time of the day like 09:30, from 00:00 to 23:59, not {shown(value)}")
        return time.fromisoformat(value)

    schema: dict[str, JSON] = {"type": "string", "pattern": f"^{_TIME_OF_DAY}$"}
    return Codec(parse=parse, write=lambda moment: f"{moment:%H:%M}", accepts=schema, returns=schema)
