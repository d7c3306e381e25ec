"""Column types: how the values of the model are kept, the same on SQLite and PostgreSQL.

Times are integer microseconds since 1970 on SQLite and timestamptz on PostgreSQL; durations are integer microseconds;
lists are compact ASCII JSON in text columns, so that no character of a mail server's answer can be refused.
"""

import json
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Row, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from mailtrip.model import (
    Access,
    CustomProperty,
    Measurement,
    MonitorAccess,
    OperatingPeriod,
    SessionRecord,
    Step,
    Timing,
    WeeklyWindow,
    WeekTime,
)
from mailtrip.store.codec import decode_session, encode_session
from mailtrip.store.findings import Findings, decode_findings, encode_findings

__all__ = [
    "AccessText",
    "AnyRow",
    "CustomProperties",
    "Duration",
    "FindingsText",
    "Id",
    "IntegerList",
    "Measurements",
    "Number",
    "OperatingPeriods",
    "Sessions",
    "Timings",
    "UTCDateTime",
    "WeeklyWindows",
    "Word",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_LARGEST_MEASURE = 2**32 - 1

WordT = TypeVar("WordT", bound=StrEnum)
NumberT = TypeVar("NumberT", bound=IntEnum)

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of columns of any types; whoever reads it knows them by name."""

_LARGEST_ID = 2**63 - 1


class Id(TypeDecorator[int]):
    """A primary key or what refers to one; a number that no id can have finds nothing instead of failing."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: what SQLAlchemy declares
        # SQLite numbers rows by itself only where the column is exactly INTEGER.
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        del dialect
        return value if value is None or 0 <= value <= _LARGEST_ID else -1


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; a naive one is refused with ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: what SQLAlchemy declares
        impl = BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(impl)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # an int or a datetime, by dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone can't be stored; times are aware and in UTC")
        return (value - _EPOCH) // _MICROSECOND if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # an int or a datetime, by dialect
        if value is None:
            return None
        if dialect.name == "sqlite":
            return _EPOCH + timedelta(microseconds=value)
        return value.astimezone(UTC)  # type: ignore[no-any-return]  # psycopg gives datetimes here


class Duration(TypeDecorator[timedelta]):
    """A duration, kept to the microsecond."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        del dialect
        return None if value is None else timedelta(microseconds=value)


class Word(TypeDecorator[WordT], Generic[WordT]):
    """A value of a closed set of words."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[WordT], length: int = 32) -> None:
        super().__init__(length)
        self.words = words

    def process_bind_param(self, value: WordT | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> WordT | None:
        del dialect
        return None if value is None else self.words(value)


class Number(TypeDecorator[NumberT], Generic[NumberT]):
    """A value of a closed set of numbers."""

    impl = Integer
    cache_ok = True

    def __init__(self, numbers: type[NumberT]) -> None:
        super().__init__()
        self.numbers = numbers

    def process_bind_param(self, value: NumberT | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> NumberT | None:
        del dialect
        return None if value is None else self.numbers(value)


class IntegerList(TypeDecorator[Sequence[int]]):
    """A tuple of integers, in its order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else _dump(list(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[int, ...] | None:
        del dialect
        return None if value is None else tuple(json.loads(value))


class TextList(TypeDecorator[Sequence[str]]):
    """A tuple of texts, in its order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else _dump(list(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        del dialect
        return None if value is None else tuple(json.loads(value))


class CustomProperties(TypeDecorator[Sequence[CustomProperty]]):
    """A tuple of custom properties."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[CustomProperty] | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else _dump([[item.id, item.name, item.value, item.value_id] for item in value])

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[CustomProperty, ...] | None:
        del dialect
        if value is None:
            return None
        return tuple(
            CustomProperty(id=id_, name=name, value=text, value_id=value_id)
            for id_, name, text, value_id in json.loads(value)
        )


class Measurements(TypeDecorator[Sequence[Measurement]]):
    """A tuple of measurements, 8 bytes each: Unix seconds and milliseconds, as unsigned big-endian numbers."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sequence[Measurement] | None, dialect: Dialect) -> bytes | None:
        del dialect
        if value is None:
            return None
        numbers = [
            min(number, _LARGEST_MEASURE)
            for each in value
            for number in ((each.at - _EPOCH) // _SECOND, each.took // _MILLISECOND)
        ]
        return struct.pack(f">{len(numbers)}I", *numbers)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> tuple[Measurement, ...] | None:
        del dialect
        if value is None:
            return None
        return tuple(
            Measurement(_EPOCH + timedelta(seconds=at), timedelta(milliseconds=took))
            for at, took in struct.iter_unpack(">II", value)
        )


class OperatingPeriods(TypeDecorator[Sequence[OperatingPeriod]]):
    """A tuple of operating periods, as day, time, day, time, and whether it is excluded."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[OperatingPeriod] | None, dialect: Dialect) -> str | None:
        del dialect
        if value is None:
            return None
        return _dump(
            [
                [
                    period.window.start.day,
                    f"{period.window.start.time:%H:%M}",
                    period.window.end.day,
                    f"{period.window.end.time:%H:%M}",
                    period.is_excluded,
                ]
                for period in value
            ]
        )

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[OperatingPeriod, ...] | None:
        del dialect
        if value is None:
            return None
        return tuple(
            OperatingPeriod(
                window=WeeklyWindow(
                    start=WeekTime(day=start_day, time=time.fromisoformat(start)),
                    end=WeekTime(day=end_day, time=time.fromisoformat(end)),
                ),
                is_excluded=is_excluded,
            )
            for start_day, start, end_day, end, is_excluded in json.loads(value)
        )


class WeeklyWindows(TypeDecorator[Sequence[WeeklyWindow]]):
    """A tuple of weekly windows, as operating periods are kept."""

    impl = OperatingPeriods
    cache_ok = True

    def process_bind_param(self, value: Sequence[WeeklyWindow] | None, dialect: Dialect) -> Any:  # of the type inside
        del dialect
        return None if value is None else tuple(OperatingPeriod(window=window) for window in value)

    def process_result_value(
        self,
        value: Any,  # of the type inside
        dialect: Dialect,
    ) -> tuple[WeeklyWindow, ...] | None:
        del dialect
        return None if value is None else tuple(period.window for period in value)


class Timings(TypeDecorator[Sequence[Timing]]):
    """A tuple of step timings."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Timing] | None, dialect: Dialect) -> str | None:
        del dialect
        if value is None:
            return None
        return _dump([[item.step, item.offset // _MICROSECOND, item.duration // _MICROSECOND] for item in value])

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Timing, ...] | None:
        del dialect
        if value is None:
            return None
        return tuple(
            Timing(step=Step(step), offset=timedelta(microseconds=offset), duration=timedelta(microseconds=duration))
            for step, offset, duration in json.loads(value)
        )


class Sessions(TypeDecorator[Sequence[SessionRecord]]):
    """A tuple of sessions without their transcripts, which have a table of their own."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[SessionRecord] | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else _dump([encode_session(session) for session in value])

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[SessionRecord, ...] | None:
        del dialect
        return None if value is None else tuple(decode_session(item) for item in json.loads(value))


class FindingsText(TypeDecorator[Findings]):
    """What a run found beside its verdict; nothing found is NULL, and the other way round."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Findings | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else encode_findings(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Findings:
        del dialect
        return decode_findings(value)


class AccessText(TypeDecorator[MonitorAccess]):
    """What a user may do with which monitors, in one value: it is needed with each request."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: MonitorAccess | None, dialect: Dialect) -> str | None:
        del dialect
        if value is None:
            return None
        return _dump([value.default, sorted(value.edit), sorted(value.view), sorted(value.none)])

    def process_result_value(self, value: str | None, dialect: Dialect) -> MonitorAccess | None:
        del dialect
        if value is None:
            return None
        default, edit, view, none = json.loads(value)
        return MonitorAccess(default=Access(default), edit=frozenset(edit), view=frozenset(view), none=frozenset(none))


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
