"""How values are written on pages: filters of the templates."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from markupsafe import Markup

from mailtrip.model.words import format_duration

__all__ = ["FILTERS", "count_of", "percent", "time_element"]


def time_element(moment: datetime) -> Markup:
    """A time with its day, in UTC; a script writes it in the reader's own zone."""
    return Markup('<time datetime="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"), f"{moment.astimezone(UTC):%d %b %H:%M} UTC"
    )


def percent(share: float | None) -> str:
    """A share of 0..1 with one digit, rounded down, so that 100 % is said of nothing less."""
    if share is None:
        return "no data"
    tenths = int(share * 1000 + 1e-9)
    return "100 %" if tenths == 1000 else f"{tenths / 10:.1f} %"


def count_of(number: int, thing: str) -> str:
    """`1 monitor`, `2 monitors`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _duration(duration: timedelta | None) -> str:
    return "–" if duration is None else format_duration(duration)


FILTERS: Final[Mapping[str, Callable[..., object]]] = {
    "count_of": count_of,
    "duration": _duration,
    "percent": percent,
    "time": time_element,
}
