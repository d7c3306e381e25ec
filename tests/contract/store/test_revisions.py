"""The revision of a record grows with each change of what a read of it shows, whatever caused the change."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection
from tests.contract.store.builders import ADMIN, KEYS, NOW, make_monitor

from mailtrip import store
from mailtrip.model import AlertMethod, BlackoutType, Mode, MonitorType
from mailtrip.service import blackouts, groups, monitors, recipients, slas
from mailtrip.service.blackouts import BlackoutDraft, Edition
from mailtrip.service.monitors import UNCHANGED, Passwords
from mailtrip.store import Database, schema

LATER = NOW + timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Records:
    """One monitor with an SLA, one recipient, and the group that both are in."""

    database: Database
    monitor: int
    sla: int
    recipient: int
    group: int

    def revisions(self) -> dict[str, int]:
        """By kind of record; those that are gone are left out."""

        def read(connection: Connection) -> dict[str, int]:
            found = {
                "monitor": [each.revision for each in monitors.page(connection, ADMIN)[0] if each.id == self.monitor],
                "sla": [each.revision for each in slas.page(connection, ADMIN)[0] if each.id == self.sla],
                "recipient": [
                    each.revision for each in recipients.page(connection, ADMIN)[0] if each.id == self.recipient
                ],
                "group": [each.revision for each in groups.page(connection, ADMIN)[0] if each.id == self.group],
            }
            return {name: revisions[0] for name, revisions in found.items() if revisions}

        return self.database.read(read)

    def grown_by(self, work: Callable[[Connection], object]) -> set[str]:
        """Do the work; which of the records that are left have another revision, each by one."""
        before = self.revisions()
        self.database.write(work)
        grown = {name: revision - before[name] for name, revision in self.revisions().items()}
        assert set(grown.values()) <= {0, 1}
        return {name for name, by in grown.items() if by}


def make_recipient(connection: Connection, address: str = "team@example.com") -> int:
    given = {"method": AlertMethod.EMAIL_HTML, "address": address}
    return recipients.create(connection, ADMIN, given, password=UNCHANGED, secrets=KEYS, now=NOW)


def make_group(connection: Connection, monitor_id: int, recipient_id: int, **fields: object) -> int:
    given = {"name": "Team", "monitor_ids": (monitor_id,), "recipient_ids": (recipient_id,)} | fields
    return groups.create(connection, ADMIN, given, now=NOW)


@pytest.fixture
def records(database: Database) -> Records:
    """The records of most tests."""
    monitor = make_monitor(database)

    def make(connection: Connection) -> tuple[int, int, int]:
        goals = {"name": "SLA", "availability_percent": 99.0, "response_time": timedelta(seconds=1)}
        recipient = make_recipient(connection)
        return (
            slas.create(connection, ADMIN, monitor, goals, now=NOW),
            recipient,
            make_group(connection, monitor, recipient, is_default=True),
        )

    sla, recipient, group = database.write(make)
    return Records(database=database, monitor=monitor, sla=sla, recipient=recipient, group=group)


def edit_monitor(connection: Connection, monitor_id: int, **changes: object) -> None:
    monitors.edit(
        connection,
        ADMIN,
        monitor_id,
        changes,
        type=MonitorType.ROUND_TRIP,
        passwords=Passwords(),
        secrets=KEYS,
        now=LATER,
    )


def edit_recipient(connection: Connection, recipient_id: int, **changes: object) -> None:
    recipients.edit(connection, ADMIN, recipient_id, changes, password=UNCHANGED, secrets=KEYS, now=LATER)


def weekly(type_: BlackoutType, subject_id: int) -> BlackoutDraft:
    return BlackoutDraft(
        type=type_, subject_id=subject_id, start_day=1, start_time=time(1), end_day=1, end_time=time(2), note="x"
    )


def test_a_new_record_has_revision_1_and_a_recipient_another_one_once_it_is_in_a_group(records: Records) -> None:
    assert records.revisions() == {"monitor": 1, "sla": 1, "recipient": 2, "group": 1}


@pytest.mark.parametrize(
    ("type_", "name"),
    [(BlackoutType.MONITOR, "monitor"), (BlackoutType.ALERT, "monitor"), (BlackoutType.NOTIFIER, "recipient")],
)
def test_who_gets_or_loses_a_blackout_has_another_revision(records: Records, type_: BlackoutType, name: str) -> None:
    made: list[int] = []
    subject = {"monitor": records.monitor, "recipient": records.recipient}[name]

    def make(connection: Connection) -> None:
        made.append(blackouts.create(connection, ADMIN, weekly(type_, subject), now=NOW))

    assert records.grown_by(make) == {name}
    assert records.grown_by(lambda c: blackouts.edit(c, ADMIN, made[0], {"note": "y"}, now=NOW)) == set()
    assert records.database.read(lambda c: blackouts.get(c, ADMIN, made[0])).revision == 2
    assert records.grown_by(lambda c: blackouts.remove(c, ADMIN, made[0], now=LATER)) == {name}


def test_a_blackout_that_moves_changes_both_whom_it_leaves_and_whom_it_comes_to(records: Records) -> None:
    other = make_monitor(records.database)
    blackout_id = records.database.write(
        lambda c: blackouts.create(c, ADMIN, weekly(BlackoutType.MONITOR, other), now=NOW)
    )
    for subject_id in (records.monitor, other):
        move = partial(
            blackouts.edit, actor=ADMIN, blackout_id=blackout_id, changes={"subject_id": subject_id}, now=NOW
        )
        assert records.grown_by(move) == {"monitor"}


def test_a_bulk_edit_of_blackouts_changes_their_monitors(records: Records) -> None:
    edition = Edition(replaces=True, drafts=[BlackoutDraft(start=LATER, end=LATER + timedelta(hours=1))])
    grown = records.grown_by(
        lambda c: blackouts.bulk_edit(c, ADMIN, [records.monitor], one_time=edition, weekly=None, now=NOW)
    )
    assert grown == {"monitor"}


def test_a_monitor_with_another_name_changes_its_groups_and_its_sla(records: Records) -> None:
    assert records.grown_by(lambda c: edit_monitor(c, records.monitor, name="New")) == {"monitor", "group", "sla"}
    second = {"id": 11, "account_id": 1, "name": "Second"}
    records.database.write(lambda c: c.execute(schema.locations.insert(), second))
    assert records.grown_by(lambda c: edit_monitor(c, records.monitor, mode=Mode.SLA, location_ids=(10, 11))) >= {
        "monitor",
        "sla",
    }
    assert records.grown_by(lambda c: edit_monitor(c, records.monitor, interval=timedelta(minutes=7))) == {"monitor"}


def test_a_removed_monitor_changes_its_groups(records: Records) -> None:
    assert records.grown_by(lambda c: monitors.remove(c, ADMIN, records.monitor, now=NOW)) == {"group"}


@pytest.mark.parametrize("changes", [{"name": "New"}, {"address": "new@example.com"}])
def test_a_recipient_that_shows_otherwise_changes_its_groups(records: Records, changes: dict[str, str]) -> None:
    assert records.grown_by(lambda c: edit_recipient(c, records.recipient, **changes)) == {"recipient", "group"}
    assert records.grown_by(lambda c: edit_recipient(c, records.recipient, start_threshold=3)) == {"recipient"}


def test_a_removed_recipient_changes_its_groups(records: Records) -> None:
    assert records.grown_by(lambda c: recipients.remove(c, ADMIN, records.recipient, now=LATER)) == {"group"}


def test_a_group_changes_the_recipients_that_come_and_go_and_no_others(records: Records) -> None:
    edit = partial(groups.edit, actor=ADMIN, group_id=records.group, now=NOW)
    assert records.grown_by(lambda c: edit(c, changes={"name": "New"})) == {"group"}
    other = records.database.write(make_recipient)
    both = (records.recipient, other)
    assert records.grown_by(lambda c: edit(c, changes={"recipient_ids": both})) == {"group"}
    assert records.grown_by(lambda c: edit(c, changes={"recipient_ids": (other,)})) == {"group", "recipient"}
    assert records.grown_by(lambda c: edit(c, changes={"recipient_ids": both})) == {"group", "recipient"}
    assert records.grown_by(lambda c: groups.remove(c, ADMIN, records.group, now=LATER)) == {"recipient"}


def test_a_default_group_that_gives_way_has_another_revision(records: Records) -> None:
    assert records.grown_by(lambda c: groups.edit(c, ADMIN, records.group, {"is_default": True}, now=NOW)) == {"group"}
    make = partial(make_group, monitor_id=records.monitor, recipient_id=records.recipient)
    assert records.grown_by(lambda c: make(c, is_default=True)) == {"group", "recipient"}


def test_changes_that_wait_for_each_other_are_both_made(database: Database) -> None:
    has_many_writers = database.read(lambda connection: connection.dialect.name) == "postgresql"
    one, other = (database.write(make_recipient) for _ in range(2))
    both_hold_one = threading.Barrier(2)
    begun: set[int] = set()

    def rename(connection: Connection, first: int, second: int) -> None:
        store.recipients.get(connection, ADMIN.account_id, first, lock=True)
        if has_many_writers and first not in begun:
            begun.add(first)
            both_hold_one.wait(10)
        edit_recipient(connection, first, name=f"By {first}")
        edit_recipient(connection, second, name=f"By {first}")

    works = [partial(rename, first=one, second=other), partial(rename, first=other, second=one)]
    threads = [threading.Thread(target=database.write, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found, _ = database.read(lambda c: recipients.page(c, ADMIN))
    assert len({each.settings.name for each in found}) == 1
    assert [each.revision for each in found] == [3, 3]
