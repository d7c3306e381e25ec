"""Rollups are kept: what runs add up to, exactly, whatever the order in which results and later verdicts come in.

A run adds to the hour of its slot, in the transaction that records it. Hours that are over are folded into day and month,
of the monitor and of its account; what changes in a folded hour goes there at once.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    false,
    select,
    tuple_,
    update,
)

from mailtrip.model import Run
from mailtrip.model.tally import COUNTED, Outcome, Share, Size, bin_of, share_of
from mailtrip.store.dialects import insert_into
from mailtrip.store.rollup_codec import (
    Spread,
    add_lanes,
    add_spread,
    encode_lanes,
    encode_log,
    encode_spread,
    lanes_of,
    log_words,
    spread_of,
    word_of,
)
from mailtrip.store.rollup_tables import ALL_MONITORS, ROLLUPS, TIMES, rollup_backfill
from mailtrip.store.run_rows import BRIEF, to_run
from mailtrip.store.schema import monitors, runs
from mailtrip.store.types import AnyRow

__all__ = ["Change", "backfill", "fold", "note", "note_since", "take_out"]

Change = tuple[Run | None, Run | None]
"""A run as it was before, and as it is now; None where it was not, or is not there."""

_MOST_ROWS: Final = 200
"""In one statement: SQLite takes a bounded number of values."""
_COLUMNS: Final = {
    Outcome.OK: "ok",
    Outcome.WARNING: "warning",
    Outcome.ERROR: "error",
    Outcome.UNKNOWN: "unknown",
    Outcome.NOT_MEASURED: "not_measured",
    Outcome.SKIPPED: "skipped",
    Outcome.BLACKOUT: "blackout",
}
_KEY: Final = ("account_id", "monitor_id", "begins_at", "location_id")


class Key(NamedTuple):
    """The primary key of a rollup."""

    account_id: int
    monitor_id: int
    begins_at: datetime
    location_id: int


@dataclass(slots=True)
class _Sum:
    """What is added to a rollup; numbers below zero are taken back."""

    counts: Counter[str] = field(default_factory=Counter)
    response_time: timedelta = timedelta(0)
    log: Counter[int] = field(default_factory=Counter)
    responses: Spread = field(default_factory=Counter)
    steps: Spread = field(default_factory=Counter)

    def add(self, share: Share, number: int) -> None:
        self.counts[_COLUMNS[share.outcome]] += number
        self.log[word_of(share)] += number
        if share.response is not None:
            self.counts["responses"] += number
            self.response_time += number * share.response
            self.responses[bin_of(share.response)] += number
        for key in spread_of(share.steps):
            self.steps[key] += number

    def include(self, other: "_Sum", number: int = 1) -> None:
        """All but the log, which only hours of a monitor have."""
        for name, count in other.counts.items():
            self.counts[name] += number * count
        for mine, theirs in ((self.responses, other.responses), (self.steps, other.steps)):
            for key, count in theirs.items():
                mine[key] += number * count
        self.response_time += number * other.response_time

    @property
    def has_times(self) -> bool:
        return any(self.responses.values()) or any(self.steps.values())


def note(connection: Connection, changes: Iterable[Change]) -> None:
    """Keep what runs that have changed add; within the transaction that changes them."""
    found = [
        pair for pair in ((share_of(old), share_of(new), old or new) for old, new in changes) if pair[0] != pair[1]
    ]
    if not found:
        return
    covered = _covered_from(connection)
    sums: dict[Key, _Sum] = {}
    for old, new, run in found:
        if run is None or run.id < covered:
            continue
        for share, number in ((old, -1), (new, 1)):
            if share is not None:
                sums.setdefault(_hour_of(share), _Sum()).add(share, number)
    _add_to_hours(connection, sums)


def note_since(connection: Connection, before: Sequence[AnyRow]) -> None:
    """As `note`, of runs that were locked and read before they were changed."""
    if before:
        again = connection.execute(select(*BRIEF).where(runs.c.id.in_([row.id for row in before])))
        now = {row.id: to_run(row) for row in again}
        note(connection, ((to_run(row), now.get(row.id)) for row in before))


def fold(connection: Connection, *, before: datetime, limit: int) -> int:
    """Add hours that began before a time to day and month, of monitor and account; how many it were."""
    table = ROLLUPS[Size.HOUR]
    rows = connection.execute(
        select(table)
        .where(table.c.is_folded == false(), table.c.begins_at < before)
        .order_by(table.c.begins_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return 0
    keys = [_key_of(row) for row in rows]
    sums = dict(zip(keys, map(_counted, rows), strict=True))
    spreads = _read_times(connection, keys)
    for key, (responses, steps) in spreads.items():
        sums[key].responses, sums[key].steps = responses, steps
    _fold_up(connection, sums)
    logs = [{"new_log": encode_log(log_words(row.log))} for row in rows]
    connection.execute(_FOLDED, [_named(key) | log for key, log in zip(keys, logs, strict=True)])
    packed = [_named(key) | _packed(*spread) for key, spread in spreads.items()]
    if packed:
        connection.execute(_packing(TIMES[Size.HOUR]), packed)
    return len(rows)


def backfill(connection: Connection, *, limit: int) -> int:
    """Add runs that were recorded before there were rollups, newest first; how many numbers of runs it came past."""
    query = select(rollup_backfill.c.next_id).with_for_update()
    next_id = connection.scalar(query)
    if next_id is None:
        return 0
    wanted = select(*BRIEF).where(runs.c.id < next_id).order_by(runs.c.id.desc()).limit(limit)
    rows = connection.execute(wanted).all()
    sums: dict[Key, _Sum] = {}
    for row in rows:
        share = share_of(to_run(row))
        if share is not None:
            sums.setdefault(_hour_of(share), _Sum()).add(share, 1)
    _add_to_hours(connection, sums)
    if len(rows) < limit:
        connection.execute(delete(rollup_backfill))
    else:
        connection.execute(update(rollup_backfill).values(next_id=rows[-1].id))
    return len(rows)


def take_out(connection: Connection, *, removed_before: datetime, limit: int) -> int:
    """Delete rollups of monitors that were removed before and have no runs left; how many hours it were.

    They are taken from those of their accounts as well.
    """
    hours = ROLLUPS[Size.HOUR]
    has_runs = select(runs.c.id).where(runs.c.monitor_id == monitors.c.id).exists()
    query = select(monitors.c.account_id, monitors.c.id).where(monitors.c.removed_at < removed_before, ~has_runs)
    gone = connection.execute(query.order_by(monitors.c.id).limit(limit)).all()
    theirs = select(hours).where(_is_of(hours, gone)).limit(limit).with_for_update()
    rows = connection.execute(theirs).all() if gone else ()
    keys = [_key_of(row) for row in rows]
    folded = {key: _counted(row) for key, row in zip(keys, rows, strict=True) if row.is_folded}
    for key, (responses, steps) in _read_times(connection, folded).items():
        folded[key].responses, folded[key].steps = responses, steps
    _fold_up(connection, folded, number=-1)
    for part in _parts(keys):
        for table in (hours, TIMES[Size.HOUR]):
            connection.execute(delete(table).where(_is_one_of(table, part)))
    if gone and len(rows) < limit:
        for table in (ROLLUPS[Size.DAY], TIMES[Size.DAY], ROLLUPS[Size.MONTH], TIMES[Size.MONTH]):
            connection.execute(delete(table).where(_is_of(table, gone)))
    return len(rows)


def _key_of(row: AnyRow) -> Key:
    return Key(*(getattr(row, name) for name in _KEY))


def _hour_of(share: Share) -> Key:
    return Key(share.account_id, share.monitor_id, Size.HOUR.begin_of(share.slot), share.location_id)


def _covered_from(connection: Connection) -> int:
    """Runs with smaller numbers are not in the rollups yet; that stays so until the transaction ends."""
    return connection.scalar(select(rollup_backfill.c.next_id).with_for_update(read=True)) or 0


def _add_to_hours(connection: Connection, sums: Mapping[Key, _Sum]) -> None:
    """Rows are appended to, so that they need not be read."""
    keys = sorted(sums)
    if not keys:
        return
    values = [_values(key, sums[key]) | {"log": encode_log(sums[key].log)} for key in keys]
    connection.execute(_adding(connection.dialect.name, ROLLUPS[Size.HOUR]), values)
    late = {key: sums[key] for key in _folded(connection, keys)}
    timed = [_time_values(key, sums[key]) for key in keys if sums[key].has_times]
    if timed:
        connection.execute(_appending(connection.dialect.name), timed)
    _fold_up(connection, late)


def _folded(connection: Connection, keys: Collection[Key]) -> list[Key]:
    """Those of the hours that are folded: few, if any. Asked once they are written to, as they stay as they are then."""
    table = ROLLUPS[Size.HOUR]
    # Not as rows that the writing gives back: for these, it would be one long statement that PostgreSQL has to read anew.
    rows = connection.execute(select(*(table.c[name] for name in _KEY)).where(table.c.is_folded, *_alike(table, keys)))
    return sorted({_key_of(row) for row in rows} & set(keys))


def _fold_up(connection: Connection, hours: Mapping[Key, _Sum], *, number: int = 1) -> None:
    """Add hours of monitors to what they belong to."""
    for size in Size:
        whole: dict[Key, _Sum] = {}
        for key, sum_ in hours.items():
            begins_at = size.begin_of(key.begins_at)
            for monitor_id in (key.monitor_id, ALL_MONITORS):
                if size is not Size.HOUR or monitor_id == ALL_MONITORS:
                    wanted = Key(key.account_id, monitor_id, begins_at, key.location_id)
                    whole.setdefault(wanted, _Sum()).include(sum_, number)
        _add(connection, size, whole)


def _add(connection: Connection, size: Size, sums: Mapping[Key, _Sum]) -> None:
    keys = sorted(sums)
    more: dict[str, object] = {"log": b"", "is_folded": True} if size is Size.HOUR else {}
    if not keys:
        return
    connection.execute(
        _adding(connection.dialect.name, ROLLUPS[size]), [_values(key, sums[key]) | more for key in keys]
    )
    timed = [key for key in keys if sums[key].has_times]
    if not timed:
        return
    table = TIMES[size]
    empty = {"responses": b"", "steps": b""}
    rows = [dict(zip(_KEY, key, strict=True)) | empty for key in timed]
    # Made first, so that there is something to lock.
    connection.execute(insert_into(connection.dialect.name, table).on_conflict_do_nothing(), rows)
    changed = []
    for part in _parts(timed):
        query = select(table).where(_is_one_of(table, part)).order_by(*(table.c[name] for name in _KEY))
        for row in connection.execute(query.with_for_update()):
            key = _key_of(row)
            packed = [
                _increased(content, added)
                for content, added in ((row.responses, sums[key].responses), (row.steps, sums[key].steps))
            ]
            changed.append(_named(key) | dict(zip(("new_responses", "new_steps"), packed, strict=True)))
    connection.execute(_packing(table), changed)


def _increased(content: bytes, added: Spread) -> bytes:
    """Lanes with what is added to them."""
    lanes = lanes_of(added)
    add_lanes(lanes, content)
    return encode_lanes(lanes)


def _read_times(connection: Connection, keys: Iterable[Key]) -> dict[Key, tuple[Spread, Spread]]:
    """The times of hours of monitors, which stay locked; those without any are left out."""
    table = TIMES[Size.HOUR]
    found = {}
    for part in _parts(sorted(keys)):
        query = select(table).where(_is_one_of(table, part)).order_by(*(table.c[name] for name in _KEY))
        for row in connection.execute(query.with_for_update()):
            spreads: tuple[Spread, Spread] = (Counter(), Counter())
            for spread, content in zip(spreads, (row.responses, row.steps), strict=True):
                add_spread(spread, content)
            found[_key_of(row)] = spreads
    return found


def _counted(row: AnyRow) -> _Sum:
    counts = Counter({name: getattr(row, name) for name in COUNTED if name != "response_time"})
    return _Sum(counts=counts, response_time=row.response_time)


def _values(key: Key, sum_: _Sum) -> dict[str, object]:
    counts = {name: sum_.counts[name] for name in COUNTED if name != "response_time"}
    return dict(zip(_KEY, key, strict=True)) | counts | {"response_time": sum_.response_time}


def _time_values(key: Key, sum_: _Sum) -> dict[str, object]:
    spreads = {"responses": encode_spread(sum_.responses), "steps": encode_spread(sum_.steps)}
    return dict(zip(_KEY, key, strict=True)) | spreads


@cache  # put together once, as each batch of results waits for it
def _adding(dialect: str, table: Table) -> Any:  # Any: as for insert_into
    """Add to rollups."""
    statement = insert_into(dialect, table)
    new = statement.excluded
    values = {name: table.c[name] + new[name] for name in COUNTED}
    if "log" in table.c:
        values["log"] = cast(table.c.log.op("||")(new.log), LargeBinary)
    return statement.on_conflict_do_update(index_elements=[table.c[name] for name in _KEY], set_=values)


@cache  # likewise
def _appending(dialect: str) -> Any:  # Any: as for insert_into
    table = TIMES[Size.HOUR]
    statement = insert_into(dialect, table)
    new = statement.excluded
    names = ("responses", "steps")
    return statement.on_conflict_do_update(
        index_elements=[table.c[name] for name in _KEY],
        set_={name: cast(table.c[name].op("||")(new[name]), LargeBinary) for name in names},
    )


def _packing(table: Table) -> Any:  # Any: as for insert_into
    return (
        update(table)
        .where(*(table.c[name] == bindparam(f"of_{name}") for name in _KEY))
        .values(responses=bindparam("new_responses"), steps=bindparam("new_steps"))
    )


def _named(key: Key) -> dict[str, object]:
    return {f"of_{name}": value for name, value in zip(_KEY, key, strict=True)}


def _packed(responses: Spread, steps: Spread) -> dict[str, object]:
    return {"new_responses": encode_spread(responses), "new_steps": encode_spread(steps)}


_FOLDED: Final = (
    update(ROLLUPS[Size.HOUR])
    .where(*(ROLLUPS[Size.HOUR].c[name] == bindparam(f"of_{name}") for name in _KEY))
    .values(log=bindparam("new_log"), is_folded=True)
)


def _is_one_of(table: Table, keys: Sequence[Key]) -> ColumnElement[bool]:
    # For rows of values, SQLite uses no index; for what is alike, it does.
    return and_(tuple_(*(table.c[name] for name in _KEY)).in_(keys), *_alike(table, keys))


def _is_of(table: Table, gone: Sequence[AnyRow]) -> ColumnElement[bool]:
    """Whether a row is of one of these monitors, which the account is asked for with as the key begins with it."""
    account_ids, monitor_ids = {row.account_id for row in gone}, {row.id for row in gone}
    return table.c.account_id.in_(sorted(account_ids)) & table.c.monitor_id.in_(sorted(monitor_ids))


def _alike(table: Table, keys: Collection[Key]) -> Iterator[ColumnElement[bool]]:
    """What is true of the keys, and of few others."""
    names = ("account_id", "begins_at", "monitor_id")
    return (table.c[name].in_(sorted({getattr(key, name) for key in keys})) for name in names)


def _parts(keys: Sequence[Key]) -> Iterable[Sequence[Key]]:
    return (keys[start : start + _MOST_ROWS] for start in range(0, len(keys), _MOST_ROWS))
