"""The audit log is written with each change, is read by those who may, and shows when it was tampered with."""

import threading
from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import text
from tests.contract.store.builders import ADMIN, FIELDS, KEYS, NOW, STRANGER, actor, make_monitor

from mailtrip.errors import Forbidden, InvalidInput
from mailtrip.model import (
    AccountLimits,
    Actor,
    AlertMethod,
    AuditAction,
    AuditActorType,
    AuditCheck,
    AuditEntry,
    AuditKind,
    BlackoutType,
    MonitorType,
    Role,
)
from mailtrip.service import accounts, audit, blackouts, groups, monitors, recipients, retention, slas, users
from mailtrip.service.blackouts import BlackoutDraft
from mailtrip.service.monitors import Passwords
from mailtrip.store import Connection, Database

DAY = timedelta(days=1)
HASH = users.hash_password("correct horse")


def note(database: Database, number: int = 1, by: Actor = ADMIN, action: AuditAction = AuditAction.SLA_CREATED) -> None:
    at = NOW + number * DAY
    database.write(
        lambda c: audit.record(c, by, action, number, now=at, after={"number": number}, name=f"No. {number}")
    )


def entries(database: Database, by: Actor = ADMIN, **filters: object) -> list[AuditEntry]:
    return database.read(lambda c: audit.page(c, by, **filters))  # type: ignore[arg-type]  # of many types


def ids(found: list[AuditEntry]) -> list[int | None]:
    return [entry.record_id for entry in found]


def check(database: Database, account_id: int | None = 1) -> AuditCheck:
    return database.read(audit.check_all)[account_id]


def tamper(database: Database, statement: str) -> None:
    database.write(lambda connection: connection.execute(text(statement)))


def test_an_entry_is_read_as_it_was_written(database: Database) -> None:
    note(database)
    [entry] = entries(database)
    assert entry == AuditEntry(
        id=100001,
        account_id=1,
        at=NOW + DAY,
        actor_type=AuditActorType.OPERATOR,
        actor_id=None,
        actor_name=None,
        address=None,
        request_id=None,
        action=AuditAction.SLA_CREATED,
        record_id=1,
        record_name="No. 1",
        changes={"number": (None, 1)},
        hash=entry.hash,
    )


def test_entries_come_newest_first_and_page_by_page(database: Database) -> None:
    for number in range(1, 6):
        note(database, number)
    first = entries(database, limit=2)
    second = entries(database, limit=9, before=(first[-1].at, first[-1].id))
    assert (ids(first), ids(second)) == ([5, 4], [3, 2, 1])


def test_entries_of_one_moment_have_an_order(database: Database) -> None:
    for _ in range(3):
        note(database)
    first, second, third = entries(database)
    assert [each.id for each in (first, second, third)] == [100003, 100002, 100001]
    assert entries(database, before=(first.at, first.id)) == [second, third]


def test_entries_are_filtered(database: Database) -> None:
    user = replace(ADMIN, user_id=5, email="anna@probe.test")
    note(database, 1)
    note(database, 2, by=user)
    note(database, 3, action=AuditAction.MONITOR_REMOVED)
    assert ids(entries(database, since=NOW + 2 * DAY)) == [3, 2]
    assert ids(entries(database, until=NOW + 2 * DAY)) == [1]
    assert ids(entries(database, actor_name="anna@probe.test")) == [2]
    assert ids(entries(database, action=AuditAction.MONITOR_REMOVED)) == [3]
    assert ids(entries(database, kind=AuditKind.SLA)) == [2, 1]
    assert ids(entries(database, record_id=2)) == [2]
    assert ids(entries(database, kind=AuditKind.SLA, action=AuditAction.MONITOR_REMOVED)) == []


def test_an_account_sees_its_own_entries_only(database: Database) -> None:
    note(database, 1)
    note(database, 2, by=STRANGER)
    assert ids(entries(database)) == [1]
    assert ids(entries(database, by=STRANGER)) == [2]


@pytest.mark.parametrize("role", [Role.POWER_USER, Role.USER, Role.READ_ONLY])
def test_others_than_admins_may_not_read_it(database: Database, role: Role) -> None:
    with pytest.raises(Forbidden):
        entries(database, by=actor(role))


def test_a_failed_login_that_is_of_no_account_is_for_the_operator_only(database: Database) -> None:
    database.write(lambda c: audit.record_failed_login(c, None, None, now=NOW))
    user = replace(ADMIN, user_id=5, email="anna@probe.test")
    [entry] = entries(database)
    assert (entry.account_id, entry.actor_type, entry.record_name) == (None, AuditActorType.NOBODY, None)
    assert entries(database, by=user) == []


def test_what_is_not_kept_leaves_no_entry(database: Database) -> None:
    def fail(connection: Connection) -> None:
        monitors.create(connection, ADMIN, FIELDS, passwords=Passwords(), secrets=KEYS, now=NOW)
        raise InvalidInput([])

    with pytest.raises(InvalidInput):
        database.write(fail)
    assert entries(database) == []


def test_no_password_is_in_an_entry(database: Database) -> None:
    passwords = Passwords(mailbox="s3cret-one", smtp="s3cret-two")
    fields = FIELDS | {"smtp_username": "me"}
    database.write(lambda c: monitors.create(c, ADMIN, fields, passwords=passwords, secrets=KEYS, now=NOW))
    [entry] = entries(database)
    assert entry.changes["password"] == (None, "set")
    assert entry.changes["smtp_password"] == (None, "set")
    assert "s3cret" not in str(entry)


def test_an_edit_that_changes_nothing_leaves_no_entry(database: Database) -> None:
    monitor_id = make_monitor(database)
    database.write(
        lambda c: monitors.edit(
            c,
            ADMIN,
            monitor_id,
            {"name": FIELDS["name"]},
            type=MonitorType.ROUND_TRIP,
            passwords=Passwords(),
            secrets=KEYS,
            now=NOW,
        )
    )
    assert [entry.action for entry in entries(database)] == [AuditAction.MONITOR_CREATED]


def test_what_the_operator_does_with_an_account_is_in_the_accounts_own_log(database: Database) -> None:
    limits = AccountLimits(most_monitors=5)
    made = database.write(lambda c: accounts.add(c, "North", admin="a@north.test", password=HASH, now=NOW))
    database.write(lambda c: accounts.rename(c, made, "South", now=NOW))
    database.write(lambda c: accounts.set_limits(c, made, limits, now=NOW))
    database.write(lambda c: accounts.remove(c, made, with_everything=True, now=NOW))
    found = entries(database, by=accounts.operator_of(made))[::-1]
    assert [entry.action for entry in found] == [
        AuditAction.ACCOUNT_CREATED,
        AuditAction.USER_CREATED,
        AuditAction.ACCOUNT_CHANGED,
        AuditAction.ACCOUNT_CHANGED,
        AuditAction.ACCOUNT_REMOVED,
    ]
    assert [entry.changes for entry in found[2:4]] == [{"name": ("North", "South")}, {"most_monitors": (None, 5)}]
    assert {entry.actor_type for entry in found} == {AuditActorType.OPERATOR}


def test_what_a_program_does_is_noted_with_the_name_of_its_token(database: Database) -> None:
    program = replace(ADMIN, user_id=5, email="anna@probe.test", token_id=7, token_name="Nightly")
    note(database, by=program)
    [entry] = entries(database, actor_name="Nightly")
    assert (entry.actor_type, entry.actor_id, entry.actor_name) == (AuditActorType.TOKEN, 7, "Nightly")


def test_what_goes_along_with_a_monitor_is_noted_too(database: Database) -> None:
    monitor_id = make_monitor(database)
    goals = {"name": "Mail", "availability_percent": 99.0, "response_time": timedelta(seconds=2)}
    weekly = BlackoutDraft(
        type=BlackoutType.ALERT,
        subject_id=monitor_id,
        is_weekly=True,
        start_day=1,
        start_time=time(2),
        end_day=1,
        end_time=time(4),
    )
    database.write(lambda c: slas.create(c, ADMIN, monitor_id, goals, now=NOW))
    database.write(lambda c: blackouts.create(c, ADMIN, weekly, now=NOW))
    database.write(lambda c: monitors.remove(c, ADMIN, monitor_id, now=NOW + DAY))
    found = entries(database, since=NOW + DAY)
    assert {entry.action for entry in found} == {
        AuditAction.MONITOR_REMOVED,
        AuditAction.BLACKOUT_REMOVED,
        AuditAction.SLA_REMOVED,
    }


def test_a_default_group_that_gives_way_is_noted_too(database: Database) -> None:
    monitor_id = make_monitor(database)
    address = {"method": AlertMethod.EMAIL_HTML, "address": "ops@probe.test"}
    recipient_id = database.write(lambda c: recipients.create(c, ADMIN, address, password=None, secrets=KEYS, now=NOW))
    fields = {"monitor_ids": (monitor_id,), "recipient_ids": (recipient_id,), "is_default": True}
    old = database.write(lambda c: groups.create(c, ADMIN, fields | {"name": "Old"}, now=NOW))
    new = database.write(lambda c: groups.create(c, ADMIN, fields | {"name": "New"}, now=NOW + DAY))
    found = entries(database, since=NOW + DAY)
    assert {(entry.record_id, entry.action) for entry in found} == {
        (new, AuditAction.RECIPIENT_GROUP_CREATED),
        (old, AuditAction.RECIPIENT_GROUP_CHANGED),
    }
    [entry] = [each for each in found if each.record_id == old]
    assert (entry.record_name, entry.changes) == ("Old", {"is_default": (True, False)})


def test_a_log_that_nobody_touched_is_whole(database: Database) -> None:
    for number in range(1, 4):
        note(database, number)
    note(database, 1, by=STRANGER)
    newest = entries(database)[0]
    assert check(database) == AuditCheck(entries=3, head=newest.hash, is_whole=True, broken_at=None)
    assert check(database, 2).is_whole


def test_an_empty_log_is_whole(database: Database) -> None:
    assert database.read(audit.check_all) == {}


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_entries SET record_name = 'x' WHERE id = 100002", 100002),
        ("UPDATE audit_entries SET changes = '{}' WHERE id = 100002", 100002),
        ("UPDATE audit_entries SET actor_name = 'x' WHERE id = 100002", 100002),
        ("UPDATE audit_entries SET account_id = 2 WHERE id = 100002", 100003),
        ("DELETE FROM audit_entries WHERE id = 100001", 100002),
        ("DELETE FROM audit_entries WHERE id = 100002", 100003),
        ("DELETE FROM audit_entries WHERE id = 100003", None),
        ("DELETE FROM audit_entries", None),
        ("DELETE FROM audit_chains", None),
    ],
)
def test_a_row_that_was_altered_or_removed_shows(database: Database, statement: str, broken_at: int | None) -> None:
    for number in range(1, 4):
        note(database, number)
    tamper(database, statement)
    found = check(database)
    assert not found.is_whole
    assert found.broken_at == broken_at


def test_old_entries_go_and_what_stays_is_whole(database: Database) -> None:
    for number in range(1, 6):
        note(database, number)
    note(database, 2, by=STRANGER)
    gone = [
        database.write(lambda c: retention.expire(c, now=NOW + 103 * DAY, keep_audit=100 * DAY, limit=2))
        for _ in range(3)
    ]
    assert gone == [2, 0, 0]
    assert ids(entries(database)) == [5, 4, 3]
    assert check(database).is_whole
    assert check(database).entries == 3


def test_entries_are_kept_for_400_days(database: Database) -> None:
    note(database, 0)
    assert database.write(lambda c: retention.expire(c, now=NOW + 400 * DAY, limit=9)) == 0
    assert database.write(lambda c: retention.expire(c, now=NOW + 401 * DAY, limit=9)) == 1
    assert check(database) == AuditCheck(entries=0, head=check(database).head, is_whole=True, broken_at=None)


def test_after_all_entries_went_the_next_one_goes_on_with_the_chain(database: Database) -> None:
    note(database, 0)
    database.write(lambda c: retention.expire(c, now=NOW + 401 * DAY, limit=9))
    note(database, 402)
    assert check(database).is_whole


def test_a_clock_that_was_set_back_does_not_tear_the_chain(database: Database) -> None:
    note(database, 50)
    note(database, 1)
    assert database.write(lambda c: retention.expire(c, now=NOW + 30 * DAY, keep_audit=10 * DAY, limit=9)) == 0
    assert check(database).is_whole


def test_changes_at_the_same_time_make_one_chain(database: Database) -> None:
    threads = [threading.Thread(target=note, args=(database, number)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check(database).is_whole
    assert check(database).entries == 8
