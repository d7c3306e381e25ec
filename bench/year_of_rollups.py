"""A year of rollups, written straight into the tables: what the runs of many monitors would have added up to.

Each monitor has the times of one of a few profiles, the same every day, and now and then an hour in which all runs fail.
"""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Self

import psycopg

from mailtrip.model import StatusCode, Step
from mailtrip.model.tally import Outcome, Share, Size, bin_of
from mailtrip.store.rollup_codec import Spread, encode_lanes, encode_log, encode_spread, lanes_of, spread_of, word_of

__all__ = ["Year", "write"]

_PROFILES = 40
_OUTAGE_HOUR = 10
_EVERY_DAYS = 60
_ACCOUNT = 1
_LOCATION = 10
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS = (
    (Step.MAILBOX_CONNECT, 0.02),
    (Step.MAILBOX_TLS, 0.04),
    (Step.MAILBOX_GREETING, 0.01),
    (Step.MAILBOX_LOGIN, 0.08),
    (Step.MAILBOX_OPEN, 0.03),
    (Step.RESOLVE, 0.01),
    (Step.CONNECT, 0.02),
    (Step.TLS, 0.04),
    (Step.GREETING, 0.02),
    (Step.LOGIN, 0.06),
    (Step.SUBMIT, 0.2),
    (Step.WAIT, 1.4),
    (Step.LOOK, 0.02),
    (Step.FETCH, 0.03),
    (Step.DELETE, 0.03),
)
_BATCH = 20_000

Row = tuple[object, ...]


@dataclass(slots=True)
class _Times:
    """What hours, days and months have in common."""

    runs: int = 0
    errors: int = 0
    response_time: timedelta = timedelta(0)
    responses: Spread = field(default_factory=Counter)
    steps: Spread = field(default_factory=Counter)

    def add(self, other: "_Times", number: int) -> None:
        self.runs += number * other.runs
        self.errors += number * other.errors
        self.response_time += number * other.response_time
        for mine, theirs in ((self.responses, other.responses), (self.steps, other.steps)):
            for key, count in theirs.items():
                mine[key] += number * count


@dataclass(frozen=True)
class Year:
    """What is written.

    Attributes:
        monitor_ids: whose.
        end: midnight; the days before it.
    """

    monitor_ids: tuple[int, ...]
    end: datetime
    days: int
    per_hour: int = 12

    @property
    def begin(self) -> datetime:
        return self.end - self.days * _DAY

    @property
    def runs(self) -> int:
        return len(self.monitor_ids) * self.days * 24 * self.per_hour

    @cached_property
    def profiles(self) -> list[list[_Times]]:
        """The 24 hours of a good day of each."""
        source = random.Random(1)
        return [[self._hour(source, 0.5 + number / _PROFILES) for _ in range(24)] for number in range(_PROFILES)]

    def has_outage(self, place: int, day: int) -> bool:
        return (place * 7 + day) % _EVERY_DAYS == 0

    def _hour(self, source: random.Random, scale: float) -> _Times:
        found = _Times(runs=self.per_hour)
        for _ in range(self.per_hour):
            time = timedelta(seconds=scale * 1.4 * source.lognormvariate(0, 0.5))
            found.response_time += time
            found.responses[bin_of(time)] += 1
            steps = [(step, timedelta(seconds=mean * scale * source.lognormvariate(0, 0.5))) for step, mean in _STEPS]
            found.steps.update(spread_of(steps))
        return found

    @property
    def failed(self) -> _Times:
        return _Times(runs=self.per_hour, errors=self.per_hour)

    @cached_property
    def day_kinds(self) -> list[tuple[_Times, _Times]]:
        """A good day of each profile, and one with an outage."""
        found = []
        for hours in self.profiles:
            good, bad = _Times(), _Times()
            for hour, times in enumerate(hours):
                good.add(times, 1)
                bad.add(self.failed if hour == _OUTAGE_HOUR else times, 1)
            found.append((good, bad))
        return found

    def log(self, profile: int, *, fails: bool) -> bytes:
        """Of an hour."""
        outcome, status = (Outcome.ERROR, StatusCode.SMTP_LOGIN) if fails else (Outcome.OK, StatusCode.OK)
        apart = _HOUR / self.per_hour
        words = Counter(
            word_of(
                Share(
                    account_id=_ACCOUNT,
                    monitor_id=1,
                    location_id=_LOCATION,
                    slot=self.end + number * apart + timedelta(seconds=profile),
                    outcome=outcome,
                    status=status,
                )
            )
            for number in range(self.per_hour)
        )
        return encode_log(words)


def write(year: Year, url: str) -> None:
    """Into a database that has its tables, and no rollups: an SQLite file that nobody has open, or a PostgreSQL URL."""
    writer = _PostgreSQL(url) if url.startswith("postgresql") else _SQLite(url)
    with writer:
        for size in Size:
            writer.put(f"{size}_rollups", _rollups(year, size))
            writer.put(f"{size}_times", _times(year, size))
        # The hours of monitors are far more than all others: the database multiplies them out itself.
        for name, columns, rows in _factors(year):
            writer.make(name, columns)
            writer.put(name, rows)
        writer.multiply()


def _rollups(year: Year, size: Size) -> Iterator[Row]:
    for monitor_id, begins_at, times in _sums(year, size):
        counts = (
            times.runs - times.errors,
            0,
            times.errors,
            0,
            0,
            0,
            0,
            times.runs - times.errors,
            times.response_time,
        )
        more = (b"", True) if size is Size.HOUR else ()
        yield (_ACCOUNT, monitor_id, begins_at, _LOCATION, *counts, *more)


def _times(year: Year, size: Size) -> Iterator[Row]:
    packed: dict[int, tuple[_Times, bytes, bytes]] = {}
    for monitor_id, begins_at, times in _sums(year, size):
        if id(times) not in packed:
            packed[id(times)] = (times, _encode_lanes(times.responses), _encode_lanes(times.steps))
        yield (_ACCOUNT, monitor_id, begins_at, _LOCATION, *packed[id(times)][1:])


def _factors(year: Year) -> Iterator[tuple[str, str, Iterator[Row]]]:
    """What the hours of monitors are made of: monitors, days, and the hours of each profile's day, one of them twice."""
    yield (
        "bench_monitors",
        "id BIGINT, place INTEGER, profile INTEGER",
        ((monitor_id, place, place % _PROFILES) for place, monitor_id in enumerate(year.monitor_ids)),
    )
    yield "bench_days", "number INTEGER, begins_at TIME", ((day, year.begin + day * _DAY) for day in range(year.days))
    columns = "profile INTEGER, hour INTEGER, fails INTEGER, ok INTEGER, error INTEGER, response_time BIGINT"
    yield "bench_hours", f"{columns}, log BYTES, responses BYTES, steps BYTES", _profile_hours(year)


def _profile_hours(year: Year) -> Iterator[Row]:
    for profile, hours in enumerate(year.profiles):
        failed = (profile, _OUTAGE_HOUR, 1, 0, year.per_hour, timedelta(0), year.log(profile, fails=True), b"", b"")
        for hour, times in enumerate(hours):
            spreads = encode_spread(times.responses), encode_spread(times.steps)
            log = year.log(profile, fails=False)
            yield (profile, hour, 0, times.runs, 0, times.response_time, log, *spreads)
        yield failed


_PRODUCT = f"""
    FROM bench_monitors m CROSS JOIN bench_days d CROSS JOIN bench_hours h
    WHERE h.profile = m.profile
    AND h.fails = CASE WHEN h.hour = {_OUTAGE_HOUR} AND (m.place * 7 + d.number) % {_EVERY_DAYS} = 0 THEN 1 ELSE 0 END
"""
_ROLLUPS = f"""
    INSERT INTO hour_rollups
    SELECT {_ACCOUNT}, m.id, {{begins_at}}, {_LOCATION}, h.ok, 0, h.error, 0, 0, 0, 0, h.ok, h.response_time, h.log, {{true}}
    {_PRODUCT}
"""
_TIMES = f"""
    INSERT INTO hour_times
    SELECT {_ACCOUNT}, m.id, {{begins_at}}, {_LOCATION}, h.responses, h.steps
    {_PRODUCT} AND h.fails = 0
"""


def _encode_lanes(spread: Spread) -> bytes:
    return encode_lanes(lanes_of(spread))


def _sums(year: Year, size: Size) -> Iterator[tuple[int, datetime, _Times]]:
    """The rows in the order of the key; those of the account, with monitor 0, first; no hours of monitors."""
    match size:
        case Size.HOUR:
            yield from _hours(year)
        case Size.DAY:
            yield from _days(year)
        case Size.MONTH:
            yield from _months(year)


def _hours(year: Year) -> Iterator[tuple[int, datetime, _Times]]:
    whole = [_Times() for _ in range(24)]
    for place in range(len(year.monitor_ids)):
        for hour, times in enumerate(year.profiles[place % _PROFILES]):
            whole[hour].add(times, 1)
    for day in range(year.days):
        for hour in range(24):
            sum_ = _without_failed(year, whole[hour], day) if hour == _OUTAGE_HOUR else whole[hour]
            yield 0, year.begin + day * _DAY + hour * _HOUR, sum_


def _without_failed(year: Year, whole: _Times, day: int) -> _Times:
    sum_ = _Times()
    sum_.add(whole, 1)
    for place in range(len(year.monitor_ids)):
        if year.has_outage(place, day):
            sum_.add(year.profiles[place % _PROFILES][_OUTAGE_HOUR], -1)
            sum_.add(year.failed, 1)
    return sum_


def _days(year: Year) -> Iterator[tuple[int, datetime, _Times]]:
    for day in range(year.days):
        kinds = Counter((place % _PROFILES, year.has_outage(place, day)) for place in range(len(year.monitor_ids)))
        sum_ = _Times()
        for (profile, bad), number in kinds.items():
            sum_.add(year.day_kinds[profile][bad], number)
        yield 0, year.begin + day * _DAY, sum_
    for place, monitor_id in enumerate(year.monitor_ids):
        pair = year.day_kinds[place % _PROFILES]
        for day in range(year.days):
            yield monitor_id, year.begin + day * _DAY, pair[year.has_outage(place, day)]


def _months(year: Year) -> Iterator[tuple[int, datetime, _Times]]:
    begins = sorted({_begin(year, day) for day in range(year.days)})
    days = {begin: [day for day in range(year.days) if _begin(year, day) == begin] for begin in begins}
    whole = {begin: Counter[tuple[int, int]]() for begin in begins}
    sums: dict[tuple[datetime, int, int], _Times] = {}
    rows = []
    for place, monitor_id in enumerate(year.monitor_ids):
        for begin in begins:
            outages = sum(year.has_outage(place, day) for day in days[begin])
            key = (begin, place % _PROFILES, outages)
            if key not in sums:
                good, bad = year.day_kinds[place % _PROFILES]
                sums[key] = _Times()
                sums[key].add(good, len(days[begin]) - outages)
                sums[key].add(bad, outages)
            whole[begin][key[1:]] += 1
            rows.append((monitor_id, begin, sums[key]))
    for begin in begins:
        sum_ = _Times()
        for kind, number in whole[begin].items():
            sum_.add(sums[begin, *kind], number)
        yield 0, begin, sum_
    yield from rows


def _begin(year: Year, day: int) -> datetime:
    return Size.MONTH.begin_of(year.begin + day * _DAY)


class _SQLite:
    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path)

    def __enter__(self) -> Self:
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
            self._connection.execute(f"PRAGMA {setting}")
        return self

    def __exit__(self, *_: object) -> None:
        with closing(self._connection):
            self._connection.commit()

    def put(self, table: str, rows: Iterable[Row]) -> None:
        iterator = iter(rows)
        while batch := [tuple(map(_plain, row)) for row in islice(iterator, _BATCH)]:
            places = ",".join("?" * len(batch[0]))
            self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", batch)

    def make(self, table: str, columns: str) -> None:
        self._connection.execute(f"CREATE TEMP TABLE {table} ({columns})")

    def multiply(self) -> None:
        for statement in (_ROLLUPS, _TIMES):
            self._connection.execute(statement.format(begins_at="d.begins_at + h.hour * 3600000000", true="1"))


class _PostgreSQL:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.commit()
        self._connection.autocommit = True
        self._connection.execute("VACUUM ANALYZE")
        self._connection.close()

    def put(self, table: str, rows: Iterable[Row]) -> None:
        with self._connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row([_microseconds(value) if isinstance(value, timedelta) else value for value in row])

    def make(self, table: str, columns: str) -> None:
        kinds = columns.replace("TIME", "TIMESTAMPTZ").replace("BYTES", "BYTEA")
        self._connection.execute(f"CREATE TEMP TABLE {table} ({kinds})")

    def multiply(self) -> None:
        for statement in (_ROLLUPS, _TIMES):
            self._connection.execute(
                statement.format(begins_at="d.begins_at + h.hour * interval '1 hour'", true="true")
            )


def _plain(value: object) -> object:
    """As SQLite keeps it."""
    if isinstance(value, datetime):
        return _microseconds(value - _EPOCH)
    return _microseconds(value) if isinstance(value, timedelta) else value


def _microseconds(value: timedelta) -> int:
    return value // timedelta(microseconds=1)
