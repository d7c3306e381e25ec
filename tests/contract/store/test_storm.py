"""Very many monitors fail at once: one batch of results takes no more statements than a few, and makes one message."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from tests.contract.store.builders import KEYS, NOW, full_result, planned, result
from tests.contract.store.test_alerts import make_recipient, monitor_of

from mailtrip.model import Result, Run, RunState, StatusCode, Verdict
from mailtrip.service import endings, outbox, runs
from mailtrip.service.endings import Conclusion
from mailtrip.store import Database

FAILED = result(StatusCode.SMTP_LOGIN, Verdict.UNSENT)
FEW, MANY = 2, 60


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements of all databases, while it lasts; one with many rows counts once."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def claim(database: Database, count: int) -> list[Run]:
    """A run under way of each of so many new monitors."""
    wanted = [planned(monitor_of(database)) for _ in range(count)]
    return database.write(lambda connection: runs.claim(connection, wanted, now=NOW))


def statements(database: Database, begun: Sequence[Run], outcome: Result) -> int:
    """How many it takes to record that these runs ended so."""
    ended = [
        Conclusion(run=run, state=RunState.FINISHED, result=replace(outcome, token=f"token {run.id}")) for run in begun
    ]
    with counting() as seen:
        database.write(lambda connection: endings.conclude(connection, ended, now=NOW))
    return len(seen)


@pytest.mark.parametrize(
    "outcome", [FAILED, full_result()], ids=["errors", "deliveries with all that is known of them"]
)
def test_many_results_take_no_more_statements_than_a_few(database: Database, outcome: Result) -> None:
    make_recipient(database, performance_alert=True)
    first = statements(database, claim(database, FEW), outcome)

    assert statements(database, claim(database, MANY), outcome) <= first


def test_all_monitors_that_fail_for_one_cause_are_told_in_one_message_of_bounded_length(database: Database) -> None:
    make_recipient(database)
    statements(database, claim(database, MANY), FAILED)
    at = NOW + timedelta(seconds=2)

    database.write(lambda connection: outbox.bundle_due(connection, now=at))
    (package,) = database.write(lambda connection: outbox.claim(connection, KEYS, now=at, limit=10))

    assert (package.count, len(package.items)) == (MANY, 50)


def test_what_is_still_being_recorded_is_waited_for_but_not_for_ever(database: Database) -> None:
    make_recipient(database)
    statements(database, claim(database, MANY), FAILED)

    def next_look(seconds: float, *, is_behind: bool) -> timedelta | None:
        at = NOW + timedelta(seconds=seconds)
        return database.read(lambda connection: outbox.next_look(connection, now=at, is_behind=is_behind))

    assert next_look(9, is_behind=False) == timedelta(0)
    assert next_look(9, is_behind=True) == timedelta(seconds=0.2)
    assert next_look(14.9, is_behind=True) == timedelta(seconds=0.1)
    assert next_look(15, is_behind=True) == timedelta(0)


def test_while_more_is_recorded_nothing_is_made_of_what_is_there(database: Database) -> None:
    make_recipient(database)
    statements(database, claim(database, MANY), FAILED)
    at = NOW + timedelta(seconds=9)

    def bundle(*, is_behind: bool) -> int:
        return database.write(lambda connection: outbox.bundle_due(connection, now=at, is_behind=is_behind))

    assert bundle(is_behind=True) == 0
    statements(database, claim(database, MANY), FAILED)
    assert bundle(is_behind=False) == 1
