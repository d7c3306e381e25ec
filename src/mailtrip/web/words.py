"""How values are written on pages: filters of the templates."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from markupsafe import Markup

from mailtrip.model.words import count_of, format_duration, percent

__all__ = ["FILTERS", "byte_count", "count_of", "percent", "time_element", "without_controls"]

_CONTROLS: Final = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        0x61C,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    )
    if chr(code) not in "\t\n"
}


def time_element(moment: datetime, *, has_year: bool = False) -> Markup:
    """A time with its day, in UTC; a script writes it in the reader's own zone, with the year where it is another."""
    day = "%d %b %Y" if has_year else "%d %b"
    return Markup('<time datetime="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"), f"{moment.astimezone(UTC):{day} %H:%M} UTC"
    )


def byte_count(number: int) -> str:
    """A number of bytes in the unit that people would choose: `640 kB`, `12.3 MB`."""
    size, unit = number / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if size >= 100 or unit == "kB" else f"{size:.1f} {unit}"


def without_controls(value: object) -> object:
    """Text without what would turn its direction round or is no character; all else as it is."""
    if type(value) is not str or value.isprintable():
        return value
    return value.translate(_CONTROLS)


def _duration(duration: timedelta | None) -> str:
    return "–" if duration is None else format_duration(duration)


FILTERS: Final[Mapping[str, Callable[..., object]]] = {
    "bytes": byte_count,
    "count_of": count_of,
    "duration": _duration,
    "percent": percent,
    "time": time_element,
    "time_with_year": partial(time_element, has_year=True),
}
