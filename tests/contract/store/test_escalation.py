"""What nobody acknowledges is told to others, without any run, once, until it is over."""

from datetime import datetime, time, timedelta
from functools import partial

import pytest
from tests.contract.store.builders import ADMIN, KEYS, NOW
from tests.contract.store.test_alerts import (
    FAILED,
    GOOD,
    MINUTE,
    MISSING,
    SECOND,
    deliver,
    happen,
    make_group,
    make_recipient,
    monitor_of,
    told,
)

from mailtrip.errors import InvalidInput
from mailtrip.model import AlertKind, BlackoutType, MonitorType, StatusCode, WeeklyWindow, WeekTime
from mailtrip.service import alert_responses, blackouts, groups, monitors, outbox, recipients
from mailtrip.service.blackout_rules import BlackoutDraft
from mailtrip.service.monitors import Passwords
from mailtrip.store import Database

THEN = NOW + 2 * SECOND + 30 * MINUTE
"""Half an hour after the first message."""


def failing(database: Database, **fields: object) -> tuple[int, int, int]:
    """A monitor whose failure one was told of, and another is to be told of after 30 minutes; the three ids."""
    first, boss = make_recipient(database, name="first"), make_recipient(database, name="boss")
    monitor_id = monitor_of(database)
    group = {"monitor_ids": (monitor_id,), "recipient_ids": (first,)}
    make_group(database, **group, escalate_after=30 * MINUTE, escalate_to=(boss,), **fields)
    happen(database, monitor_id, FAILED)
    deliver(database, at=NOW + 2 * SECOND)
    return monitor_id, first, boss


def heard(database: Database, recipient_id: int) -> list[AlertKind]:
    return [alert.kind for alert in told(database) if alert.recipient_id == recipient_id]


def has_work(database: Database, at: datetime) -> bool:
    return database.read(lambda connection: outbox.has_work(connection, now=at))


def look(database: Database, at: datetime) -> None:
    database.write(lambda connection: outbox.bundle_due(connection, now=at))


def test_others_are_told_when_nobody_has_acknowledged_and_then_of_its_end(database: Database) -> None:
    monitor_id, first, boss = failing(database)
    look(database, NOW + 30 * MINUTE)  # half an hour after the decision, two seconds before it is time

    assert not has_work(database, THEN - SECOND)
    assert has_work(database, THEN)
    look(database, THEN)
    assert heard(database, boss) == [AlertKind.ESCALATION]
    (package,) = deliver(database, at=THEN + 2 * SECOND)
    assert (package.recipient.id, package.items[0].alert.status) == (boss, StatusCode.SMTP_LOGIN)
    happen(database, monitor_id, GOOD, slot=THEN + MINUTE)

    assert heard(database, boss) == [AlertKind.ESCALATION, AlertKind.CLEAR]
    assert heard(database, first) == [AlertKind.ERROR, AlertKind.CLEAR]


def test_nobody_is_told_twice(database: Database) -> None:
    monitor_id, _, boss = failing(database)
    for minute in range(60):
        look(database, THEN + minute * MINUTE)

    assert heard(database, boss) == [AlertKind.ESCALATION]
    happen(database, monitor_id, FAILED, slot=THEN + 60 * MINUTE)
    assert heard(database, boss) == [AlertKind.ESCALATION, AlertKind.REMINDER]


def test_what_is_acknowledged_is_not_escalated_until_that_is_taken_back(database: Database) -> None:
    _, _, boss = failing(database)
    alert_id = told(database)[0].id
    database.write(lambda connection: alert_responses.acknowledge(connection, ADMIN, alert_id, now=NOW + MINUTE))
    assert not has_work(database, THEN + MINUTE)
    look(database, THEN)
    assert heard(database, boss) == []

    database.write(lambda connection: alert_responses.reopen(connection, ADMIN, alert_id, now=NOW + MINUTE))
    look(database, THEN + MINUTE)

    assert heard(database, boss) == [AlertKind.ESCALATION]


def test_who_was_told_by_escalation_may_acknowledge(database: Database) -> None:
    monitor_id, first, boss = failing(database)
    look(database, THEN)
    deliver(database, at=THEN + 2 * SECOND)
    (alert,) = [alert for alert in told(database) if alert.recipient_id == boss]

    database.write(lambda connection: alert_responses.acknowledge(connection, ADMIN, alert.id, now=THEN + MINUTE))
    happen(database, monitor_id, FAILED, slot=THEN + 60 * MINUTE)

    assert heard(database, first) == [AlertKind.ERROR]


def test_what_is_over_is_not_escalated(database: Database) -> None:
    monitor_id, _, boss = failing(database)
    happen(database, monitor_id, GOOD, slot=NOW + MINUTE)
    look(database, THEN)

    assert heard(database, boss) == []


def test_a_snooze_is_no_acknowledgement(database: Database) -> None:
    _, _, boss = failing(database)
    alert_id, until = told(database)[0].id, NOW + 120 * MINUTE
    database.write(lambda connection: alert_responses.snooze(connection, ADMIN, alert_id, until=until, now=NOW))
    look(database, THEN)

    assert heard(database, boss) == [AlertKind.ESCALATION]


def test_a_blackout_of_the_other_one_is_waited_for(database: Database) -> None:
    _, _, boss = failing(database)
    end = THEN + 10 * MINUTE
    draft = BlackoutDraft(type=BlackoutType.NOTIFIER, subject_id=boss, start=THEN - MINUTE, end=end)
    database.write(lambda connection: blackouts.create(connection, ADMIN, draft, now=NOW))
    for minute in range(10):
        look(database, THEN + minute * MINUTE)
    assert heard(database, boss) == []
    look(database, end)

    assert heard(database, boss) == [AlertKind.ESCALATION]


def test_the_wait_begins_when_the_message_went_out(database: Database) -> None:
    """In the recipient's quiet hours it waits; nobody can acknowledge what was not told yet."""
    quiet = (WeeklyWindow(start=WeekTime(day=1, time=time(11)), end=WeekTime(day=1, time=time(14))),)
    first, boss = make_recipient(database, quiet_hours=quiet), make_recipient(database)
    monitor_id = monitor_of(database)
    group = {"monitor_ids": (monitor_id,), "recipient_ids": (first,)}
    make_group(database, **group, escalate_after=30 * MINUTE, escalate_to=(boss,))
    happen(database, monitor_id, FAILED)
    for minute in range(60, 151, 5):  # 14:00 is two hours, less a moment, after NOW
        deliver(database, at=NOW + minute * MINUTE)
    escalated = [alert for alert in told(database) if alert.recipient_id == boss]

    assert [(alert.created_at - NOW) // MINUTE for alert in escalated] == [150]


def test_an_error_that_is_not_among_those_of_the_group_is_not_escalated_by_it(database: Database) -> None:
    first, boss = make_recipient(database), make_recipient(database)
    monitor_id = monitor_of(database)
    group = {"monitor_ids": (monitor_id,), "recipient_ids": (first,)}
    make_group(database, **group)
    escalation = {"escalate_after": 30 * MINUTE, "escalate_to": (boss,)}
    make_group(database, **group, **escalation, status_codes=(StatusCode.SMTP_LOGIN,))
    happen(database, monitor_id, MISSING)
    deliver(database, at=NOW + 2 * SECOND)
    look(database, THEN)

    assert heard(database, boss) == []


def test_all_who_are_in_a_group_by_then_are_told(database: Database) -> None:
    first, boss, new = (make_recipient(database, name=name) for name in ("first", "boss", "new"))
    monitor_id, other = monitor_of(database), monitor_of(database)
    chiefs = make_group(database, monitor_ids=(other,), recipient_ids=(boss,), status_codes=(StatusCode.TIMEOUT,))
    group = {"monitor_ids": (monitor_id,), "recipient_ids": (first,)}
    make_group(database, **group, escalate_after=30 * MINUTE, escalate_to=(boss,), escalate_to_groups=(chiefs,))
    happen(database, monitor_id, FAILED)
    deliver(database, at=NOW + 2 * SECOND)
    changes = {"recipient_ids": (boss, new)}
    database.write(lambda connection: groups.edit(connection, ADMIN, chiefs, changes, now=NOW + MINUTE))
    look(database, THEN)

    assert heard(database, boss) == heard(database, new) == [AlertKind.ESCALATION]
    happen(database, monitor_id, GOOD, slot=THEN + MINUTE)
    assert heard(database, new) == [AlertKind.ESCALATION, AlertKind.CLEAR]


@pytest.mark.parametrize("is_removed", [True, False], ids=["removed", "switched off"])
def test_trouble_of_a_monitor_that_nobody_runs_any_more_is_not_escalated(database: Database, is_removed: bool) -> None:
    monitor_id, _, boss = failing(database)
    if is_removed:
        database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))
    else:
        disable = partial(
            monitors.edit,
            actor=ADMIN,
            monitor_id=monitor_id,
            changes={"enabled": False},
            type=MonitorType.ROUND_TRIP,
            passwords=Passwords(),
            secrets=KEYS,
            now=NOW,
        )
        database.write(disable)
    look(database, THEN)

    assert heard(database, boss) == []
    assert not has_work(database, THEN)


def test_a_recipient_that_is_gone_is_not_told(database: Database) -> None:
    _, _, boss = failing(database)
    database.write(lambda connection: recipients.remove(connection, ADMIN, boss, now=NOW))
    look(database, THEN)

    assert not has_work(database, THEN)


@pytest.mark.parametrize(
    "fields",
    [
        {"escalate_after": 30 * MINUTE},
        {"escalate_to": (1,)},
        {"escalate_after": 30 * MINUTE, "escalate_to": (999,)},
        {"escalate_after": 30 * MINUTE, "escalate_to_groups": (999,)},
        {"escalate_after": timedelta(days=2), "escalate_to": (1,)},
    ],
    ids=["nobody to tell", "no time", "an unknown recipient", "an unknown group", "too long"],
)
def test_half_an_escalation_is_refused(database: Database, fields: dict[str, object]) -> None:
    recipient_id = make_recipient(database)
    known = fields | ({"escalate_to": (recipient_id,)} if fields.get("escalate_to") == (1,) else {})
    group = {"name": "x", "monitor_ids": (monitor_of(database),), "recipient_ids": (recipient_id,)} | known

    with pytest.raises(InvalidInput, match="escalate"):
        database.write(lambda connection: groups.create(connection, ADMIN, group, now=NOW))
