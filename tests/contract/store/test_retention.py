"""What is old is deleted, a bounded number of rows at a time; nothing else is."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from tests.contract.store.builders import ADMIN, NOW, claimed, finished, make_monitor, result

from mailtrip.errors import NotFound, TokenRejected
from mailtrip.model import Role, StatusCode, Verdict
from mailtrip.service import monitors, retention, runs, tokens, users
from mailtrip.store import Database

DAY = timedelta(days=1)
ERROR = result(StatusCode.SMTP_LOGIN, Verdict.UNSENT)


def expire(database: Database, now: datetime, limit: int = 1000) -> int:
    """Delete what is old, but for the audit log, which has tests of its own."""
    keep_audit = now - datetime.min.replace(tzinfo=UTC)
    return database.write(lambda c: retention.expire(c, now=now, keep_audit=keep_audit, limit=limit))


def has_transcript(database: Database, run_id: int) -> bool:
    found = database.read(lambda connection: runs.get(connection, ADMIN, run_id)).result
    assert found is not None
    return bool(found.sessions[0].transcript)


def count(database: Database, table: str) -> int:
    return len(database.read(lambda connection: connection.execute(text(f"SELECT * FROM {table}")).all()))


def test_nothing_goes_that_is_not_old(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id)
    finished(database, monitor_id, ERROR, slot=NOW + DAY)
    assert expire(database, NOW + 7 * DAY) == 0


def test_good_transcripts_go_before_bad_ones_and_their_runs_stay(database: Database) -> None:
    monitor_id = make_monitor(database)
    good, bad = finished(database, monitor_id), finished(database, monitor_id, ERROR, slot=NOW + DAY)
    assert expire(database, NOW + 8 * DAY) == 1
    assert (has_transcript(database, good.id), has_transcript(database, bad.id)) == (False, True)
    assert expire(database, NOW + 92 * DAY) == 1
    assert not has_transcript(database, bad.id)
    found = database.read(lambda connection: runs.get(connection, ADMIN, bad.id)).result
    assert found is not None
    assert found.sessions[0].server == "smtps://smtp.probe.test:465"


def test_runs_go_with_all_that_belongs_to_them(database: Database) -> None:
    monitor_id = make_monitor(database)
    old, new = finished(database, monitor_id, ERROR), finished(database, monitor_id, ERROR, slot=NOW + 400 * DAY)
    database.write(
        lambda connection: retention.expire(connection, now=NOW + 401 * DAY, keep_bad_transcripts=1000 * DAY, limit=100)
    )
    assert [count(database, table) for table in ("runs", "run_transcripts", "latest_runs")] == [1, 1, 1]
    with pytest.raises(NotFound):
        database.read(lambda connection: runs.get(connection, ADMIN, old.id))
    assert has_transcript(database, new.id)


def test_the_last_status_goes_with_its_run(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id)
    expire(database, NOW + 401 * DAY)
    assert database.read(lambda connection: monitors.last_statuses(connection, ADMIN, [monitor_id])) == {}
    assert count(database, "latest_runs") == 0


def test_a_run_that_is_under_way_stays_however_old(database: Database) -> None:
    claimed(database, make_monitor(database))
    assert expire(database, NOW + 4000 * DAY) == 0


def test_a_call_deletes_no_more_than_its_limit(database: Database) -> None:
    monitor_id = make_monitor(database)
    for number in range(5):
        finished(database, monitor_id, slot=NOW + timedelta(minutes=number))
    deleted = [expire(database, NOW + 401 * DAY + timedelta(hours=1), limit=4) for _ in range(4)]
    assert deleted == [4, 4, 2, 0]  # five transcripts and five runs


def test_oldest_go_first(database: Database) -> None:
    monitor_id = make_monitor(database)
    newer = finished(database, monitor_id, slot=NOW + timedelta(minutes=1))
    older = finished(database, monitor_id, slot=NOW)
    assert expire(database, NOW + 8 * DAY, limit=1) == 1
    assert (has_transcript(database, older.id), has_transcript(database, newer.id)) == (False, True)


def test_a_removed_monitor_goes_with_its_runs_after_a_day(database: Database) -> None:
    monitor_id, other = make_monitor(database), make_monitor(database)
    finished(database, monitor_id)
    finished(database, other)
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))
    assert expire(database, NOW + DAY) == 0
    assert expire(database, NOW + DAY + timedelta(seconds=1)) == len(("run", "hour of rollups", "monitor"))
    assert [count(database, table) for table in ("monitors", "runs", "latest_runs")] == [1, 1, 1]


def test_a_removed_monitor_stays_while_a_run_of_it_is_under_way(database: Database) -> None:
    monitor_id = make_monitor(database)
    claimed(database, monitor_id)
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))
    assert expire(database, NOW + 2 * DAY) == 0


def test_ended_tokens_are_forgotten_after_a_day(database: Database) -> None:
    password = users.hash_password("correct horse")

    def log_in(at: datetime) -> str:
        return database.write(
            lambda connection: tokens.log_in(connection, email="a@probe.test", password="correct horse", now=at)
        )

    database.write(
        lambda connection: users.add(
            connection, ADMIN, email="a@probe.test", password=password, role=Role.ADMIN, now=NOW
        )
    )
    old, new = log_in(NOW), log_in(NOW + DAY)
    at = NOW + DAY + timedelta(hours=1, seconds=1)
    assert expire(database, at) == 1
    with pytest.raises(TokenRejected, match="unknown"):
        database.read(lambda connection: tokens.identify(connection, old, now=at))
    with pytest.raises(TokenRejected, match="expired"):
        database.read(lambda connection: tokens.identify(connection, new, now=at))


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_limit_out_of_range_is_our_own_bug(database: Database, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 10000"):
        expire(database, NOW, limit)
