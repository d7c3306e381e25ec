"""Values of an SLA on the wire: goals, and the times that count or don't."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, TypeVar

from mailtrip.api.alertsite.list_codecs import items_of
from mailtrip.api.alertsite.times import plain_time, time_of_day
from mailtrip.api.codecs import (
    JSON,
    BadValue,
    Codec,
    Script,
    boolean,
    identifier,
    integer,
    kind_of,
    nullable,
    shown,
    text,
)
from mailtrip.model import Exclusion, OneTimeWindow, OperatingPeriod, WeeklyWindow, WeekTime

__all__ = [
    "exclusions",
    "monitor_numbers",
    "operating_periods",
    "percentage",
    "response_time",
    "weekly_windows",
    "write_exclusion",
]

T = TypeVar("T")

_MOST_PERIODS: Final = 100
_MOST_EXCLUSIONS: Final = 1000
_MOST_MONITORS: Final = 1000
_MORE: Final = "[0-9]{0,15}"
_PERCENT: Final = (
    r"^(?:100(?:\.0{1,15})?|[1-9][0-9]?(?:\.[0-9]{1,15})?"
    rf"|0\.(?:[1-9]{_MORE}|0[1-9]{_MORE}|00[1-9]{_MORE}|000[5-9]{_MORE}))$"
)
_SECONDS: Final = r"^(?:300(?:\.0{1,15})?|(?:[12]?[0-9]?[0-9])(?:\.[0-9]{1,15})?)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One part (Any: of any type) of the objects in a list."""

    codec: Codec[Any]
    about: str
    is_required: bool = True
    reads_null: bool = False


_DAY: Final = integer(1, 7)
_TIME: Final = time_of_day()
_MOMENT: Final = plain_time()
_ID: Final = identifier()
_NOTE: Final = text(shortest=0, longest=255, script=Script.LINES, cut=True)
_PERIOD: Final = {
    "exclude": _Part(codec=boolean(), about="Whether this time does not count.", is_required=False),
    "from_day": _Part(codec=_DAY, about="The day it begins: 1 (Sunday) to 7 (Saturday)."),
    "from_time": _Part(codec=_TIME, about="The time it begins, `hh:mm` in UTC."),
    "thru_day": _Part(codec=_DAY, about="The day it ends; may lie in the week after."),
    "thru_time": _Part(codec=_TIME, about="The time it ends, `hh:mm` in UTC; 23:59 is the end of the day."),
}
_WINDOW: Final = {
    "from_day": _Part(codec=_DAY, about="The day it begins: 1 (Sunday) to 7 (Saturday)."),
    "from_time": _Part(codec=_TIME, about="The time it begins, `hh:mm`."),
    "thru_day": _Part(codec=_DAY, about="The day it ends; may lie in the week after."),
    "thru_time": _Part(codec=_TIME, about="The time it ends, `hh:mm`; 23:59 is the end of the day."),
}
_EXCLUSION: Final = {
    "from_date": _Part(codec=_MOMENT, about="When it begins, `YYYY-MM-DD HH:MM:SS` in UTC."),
    "thru_date": _Part(codec=_MOMENT, about="When it ends, `YYYY-MM-DD HH:MM:SS` in UTC; later than it begins."),
    "location_id": _Part(
        codec=_ID,
        about="The location whose measurements don't count, one of the monitor's; null for all.",
        is_required=False,
        reads_null=True,
    ),
    "note": _Part(
        codec=_NOTE, about="A note for people. Longer than 255 characters: cut.", is_required=False, reads_null=True
    ),
}


def percentage() -> Codec[float]:
    """A number above 0, at most 100, also as a string; rounded to three decimals."""
    return _decimal(0.0005, 100, _PERCENT, Decimal("0.001"), "a percentage above 0 and at most 100")


def response_time() -> Codec[timedelta]:
    """A number of seconds from 0 to 300, also as a string; rounded to two decimals."""
    number = _decimal(0, 300, _SECONDS, Decimal("0.01"), "a number of seconds from 0 to 300")
    return Codec(
        parse=lambda value: timedelta(milliseconds=round(1000 * number.parse(value))),
        write=lambda length: number.write(length.total_seconds()),
        accepts=number.accepts,
        returns=number.returns,
    )


def operating_periods() -> Codec[tuple[OperatingPeriod, ...]]:
    """`[{"exclude": false, "from_day": 1, "from_time": "00:00", "thru_day": 7, "thru_time": "23:59"}]`."""

    def make(parts: Mapping[str, Any]) -> OperatingPeriod:
        return OperatingPeriod(
            window=WeeklyWindow(
                start=WeekTime(day=parts["from_day"], time=parts["from_time"]),
                end=WeekTime(day=parts["thru_day"], time=parts["thru_time"]),
            ),
            is_excluded=parts["exclude"] or False,
        )

    def write(period: OperatingPeriod) -> dict[str, JSON]:
        start, end = period.window.start, period.window.end
        return {
            "exclude": period.is_excluded,
            "from_day": start.day,
            "from_time": _TIME.write(start.time),
            "thru_day": end.day,
            "thru_time": _TIME.write(end.time),
        }

    return _list(_PERIOD, make, write, most=_MOST_PERIODS)


def weekly_windows() -> Codec[tuple[WeeklyWindow, ...]]:
    """As `operating_periods`, without `exclude`, and in whatever zone goes with them."""

    def make(parts: Mapping[str, Any]) -> WeeklyWindow:
        return WeeklyWindow(
            start=WeekTime(day=parts["from_day"], time=parts["from_time"]),
            end=WeekTime(day=parts["thru_day"], time=parts["thru_time"]),
        )

    def write(window: WeeklyWindow) -> dict[str, JSON]:
        return {
            "from_day": window.start.day,
            "from_time": _TIME.write(window.start.time),
            "thru_day": window.end.day,
            "thru_time": _TIME.write(window.end.time),
        }

    return _list(_WINDOW, make, write, most=_MOST_PERIODS)


def exclusions() -> Codec[tuple[Exclusion, ...]]:
    """`[{"from_date": "2026-01-31 12:00:00", "thru_date": ..., "location_id": null, "note": null}]`.

    Other keys are ignored, the `id` of a read among them. Reads carry it, and the location's name.
    """

    def make(parts: Mapping[str, Any]) -> Exclusion:
        return Exclusion(
            window=OneTimeWindow(start=parts["from_date"], end=parts["thru_date"]),
            location_id=parts["location_id"],
            note=parts["note"],
        )

    return _list(_EXCLUSION, make, write_exclusion, most=_MOST_EXCLUSIONS)


def write_exclusion(item: Exclusion) -> dict[str, JSON]:
    """One exclusion as it is given."""
    return {
        "from_date": _MOMENT.write(item.window.start),
        "thru_date": _MOMENT.write(item.window.end),
        "location_id": item.location_id,
        "note": item.note,
    }


def monitor_numbers() -> Codec[tuple[int, ...]]:
    """`[100001, 100002]`."""

    def parse(value: object) -> tuple[int, ...]:
        found = enumerate(items_of(value, least=1, most=_MOST_MONITORS))
        return tuple(_parse(f"item {position}", _Part(codec=_ID, about=""), item) for position, item in found)

    bounds: dict[str, JSON] = {"type": "array", "minItems": 1, "maxItems": _MOST_MONITORS}
    return Codec(
        parse=parse, write=list, accepts=bounds | {"items": _ID.accepts}, returns=bounds | {"items": _ID.returns}
    )


def _decimal(low: float, high: float, pattern: str, step: Decimal, about: str) -> Codec[float]:
    """A number in `low..high`, also as a string that matches the pattern; rounded half up to a multiple of `step`."""
    notation = re.compile(pattern[:-1] + r"\Z")

    def parse(value: object) -> float:
        if isinstance(value, str) and notation.match(value):
            return float(Decimal(value).quantize(step, ROUND_HALF_UP))
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(Decimal(str(value)).quantize(step, ROUND_HALF_UP))
        raise BadValue(f"must be {about}, not {shown(value)}")

    numeric: dict[str, JSON] = {"type": "number", "minimum": low, "maximum": high}
    return Codec(
        parse=parse,
        write=lambda number: int(number) if math.floor(number) == number else number,
        accepts={"anyOf": [numeric, {"type": "string", "pattern": pattern}]},
        returns=numeric | {"minimum": float(step) if low else low},
    )


def _list(
    parts: Mapping[str, _Part],
    make: Callable[[Mapping[str, Any]], T],
    write: Callable[[T], dict[str, JSON]],
    *,
    most: int,
) -> Codec[tuple[T, ...]]:
    """Objects of these parts, at most `most`; other keys are ignored."""

    def parse(value: object) -> tuple[T, ...]:
        return tuple(make(_read(position, item, parts)) for position, item in enumerate(items_of(value, most=most)))

    def described(part: _Part, schema: Mapping[str, JSON], *, has_null: bool) -> JSON:
        return {**(nullable(schema) if has_null else schema), "description": part.about}

    accepts = {name: described(part, part.codec.accepts, has_null=not part.is_required) for name, part in parts.items()}
    returns = {name: described(part, part.codec.returns, has_null=part.reads_null) for name, part in parts.items()}
    required = [name for name, part in parts.items() if part.is_required]
    array: dict[str, JSON] = {"type": "array", "maxItems": most}
    return Codec(
        parse=parse,
        write=lambda values: [write(value) for value in values],
        accepts=array | {"items": {"type": "object", "properties": accepts, "required": required}},
        returns=array | {"items": {"type": "object", "properties": returns, "required": list(parts)}},
    )


def _read(position: int, item: object, parts: Mapping[str, _Part]) -> dict[str, Any]:
    """The parts of one object; None for one that need not be there, and is not."""
    if not isinstance(item, dict):
        raise BadValue(f"item {position} must be an object, not {kind_of(item)}")
    absent = [name for name, part in parts.items() if part.is_required and name not in item]
    if absent:
        raise BadValue(f"item {position} has no {' and no '.join(absent)}")
    return {name: _parse(f"item {position}: {name}", part, item.get(name)) for name, part in parts.items()}


def _parse(where: str, part: _Part, value: object) -> Any:
    if value is None and not part.is_required:
        return None
    try:
        return part.codec.parse(value)
    except BadValue as error:
        raise BadValue(f"{where} {error}") from None
