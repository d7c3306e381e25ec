"""What people answer to alerts: whom it concerns, how long it lasts, and who may."""

import pytest
from tests.contract.store.builders import ADMIN, NOW, STRANGER, actor
from tests.contract.store.test_alerts import (
    FAILED,
    GOOD,
    MINUTE,
    MISSING,
    SECOND,
    deliver,
    happen,
    kinds,
    make_recipient,
    monitor_of,
    told,
)

from mailtrip.errors import Forbidden, InvalidInput, NotFound
from mailtrip.model import Access, Actor, Alert, AlertKind, MonitorAccess, Role
from mailtrip.service import alert_responses
from mailtrip.store import Database

ADA = Actor(account_id=1, role=Role.USER, user_id=7, email="ada@probe.test")


def acknowledge(database: Database, alert: Alert, by: Actor = ADA) -> None:
    database.write(lambda connection: alert_responses.acknowledge(connection, by, alert.id, now=NOW + MINUTE))


def snooze(database: Database, alert: Alert, *, minutes: int) -> None:
    until = NOW + minutes * MINUTE
    database.write(lambda connection: alert_responses.snooze(connection, ADA, alert.id, until=until, now=NOW))


def run_every_five_minutes(database: Database, monitor_id: int, *outcomes: object, first: int = 1) -> None:
    for number, outcome in enumerate(outcomes, start=first):
        happen(database, monitor_id, outcome, slot=NOW + 5 * number * MINUTE)  # type: ignore[arg-type]  # a Result


def test_nobody_is_reminded_of_what_is_acknowledged_and_all_hear_of_its_end(database: Database) -> None:
    make_recipient(database)
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    acknowledge(database, told(database)[0])

    run_every_five_minutes(database, monitor_id, FAILED, FAILED, FAILED, GOOD)

    assert kinds(database) == [AlertKind.ERROR, AlertKind.ERROR, AlertKind.CLEAR, AlertKind.CLEAR]
    assert {(alert.acknowledged_by, alert.acknowledged_at) for alert in told(database)} == {
        ("ada@probe.test", NOW + MINUTE)
    }


def test_who_was_not_told_yet_is_told_who_is_at_it(database: Database) -> None:
    make_recipient(database)
    later = make_recipient(database, start_threshold=3)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    acknowledge(database, told(database)[0])

    run_every_five_minutes(database, monitor_id, FAILED, FAILED, FAILED)

    assert [(alert.kind, alert.acknowledged_by) for alert in told(database) if alert.recipient_id == later] == [
        (AlertKind.ERROR, "ada@probe.test")
    ]


def test_the_next_trouble_is_not_acknowledged(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    acknowledge(database, told(database)[0])
    run_every_five_minutes(database, monitor_id, GOOD, FAILED, FAILED)

    assert kinds(database)[2:] == [AlertKind.ERROR, AlertKind.REMINDER]
    assert [alert.acknowledged_by for alert in told(database)][2:] == [None, None]


def test_whoever_acknowledged_first_stays_until_it_is_taken_back(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    acknowledge(database, told(database)[0])
    acknowledge(database, told(database)[0], ADMIN)
    assert told(database)[0].acknowledged_by == "ada@probe.test"

    alert_id = told(database)[0].id
    database.write(lambda connection: alert_responses.reopen(connection, ADMIN, alert_id, now=NOW))
    run_every_five_minutes(database, monitor_id, FAILED)

    assert [(alert.kind, alert.acknowledged_by) for alert in told(database)] == [
        (AlertKind.ERROR, None),
        (AlertKind.REMINDER, None),
    ]


def test_what_was_told_together_is_acknowledged_together(database: Database) -> None:
    make_recipient(database)
    together = [monitor_of(database, name=str(number)) for number in range(3)]
    for monitor_id in together:
        happen(database, monitor_id, FAILED)
    deliver(database, at=NOW + 2 * SECOND)
    other = monitor_of(database)
    happen(database, other, MISSING, slot=NOW + 3 * SECOND)
    happen(database, together[2], GOOD, slot=NOW + 3 * SECOND)
    happen(database, together[2], FAILED, slot=NOW + 4 * SECOND)

    acknowledge(database, told(database)[0])

    acknowledged = {alert.monitor_id for alert in told(database) if alert.acknowledged_at is not None}
    assert acknowledged == set(together[:2])  # the third has other trouble by now, of which the alert told nothing


def test_a_reminder_that_waits_is_not_sent_once_the_trouble_is_acknowledged(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    deliver(database, at=NOW + 2 * SECOND)
    run_every_five_minutes(database, monitor_id, FAILED)
    acknowledge(database, told(database)[0])

    assert kinds(database) == [AlertKind.ERROR]
    assert deliver(database, at=NOW + 60 * MINUTE) == []


def test_a_snooze_is_of_one_recipient_and_what_still_fails_afterwards_is_told(database: Database) -> None:
    first, second = make_recipient(database), make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    (mine,) = [alert for alert in told(database) if alert.recipient_id == first]
    snooze(database, mine, minutes=12)

    run_every_five_minutes(database, monitor_id, FAILED, FAILED, FAILED)

    def heard(recipient_id: int) -> list[tuple[AlertKind, int]]:
        found = [alert for alert in told(database) if alert.recipient_id == recipient_id]
        return [(alert.kind, (alert.created_at - NOW) // MINUTE) for alert in found]

    assert heard(first) == [(AlertKind.ERROR, 0), (AlertKind.REMINDER, 15)]
    assert heard(second) == [(AlertKind.ERROR, 0), (AlertKind.REMINDER, 5), (AlertKind.REMINDER, 15)]
    assert (mine.snoozed_by, told(database)[0].snoozed_by) == (None, "ada@probe.test")


def test_the_end_of_snoozed_trouble_is_told_when_the_snooze_is_over(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    snooze(database, told(database)[0], minutes=12)

    run_every_five_minutes(database, monitor_id, GOOD, GOOD)
    assert kinds(database) == [AlertKind.ERROR]
    run_every_five_minutes(database, monitor_id, GOOD, first=3)

    assert kinds(database) == [AlertKind.ERROR, AlertKind.CLEAR]


def test_another_error_is_told_in_spite_of_a_snooze(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    snooze(database, told(database)[0], minutes=60)

    run_every_five_minutes(database, monitor_id, FAILED, MISSING)

    assert [(alert.kind, alert.status) for alert in told(database)][1:] == [(AlertKind.REMINDER, MISSING.status)]


def test_a_snooze_can_be_ended(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    alert = told(database)[0]
    snooze(database, alert, minutes=60)
    database.write(lambda connection: alert_responses.wake(connection, ADA, alert.id, now=NOW))

    run_every_five_minutes(database, monitor_id, FAILED)

    assert kinds(database) == [AlertKind.ERROR, AlertKind.REMINDER]
    assert told(database)[0].snoozed_until is None


@pytest.mark.parametrize("minutes", [0, 7 * 24 * 60 + 1])
def test_a_snooze_lasts_seven_days_at_most(database: Database, minutes: int) -> None:
    make_recipient(database)
    happen(database, monitor_of(database), FAILED)

    with pytest.raises(InvalidInput, match="7 days"):
        snooze(database, told(database)[0], minutes=minutes)


def test_trouble_that_is_over_can_t_be_acknowledged(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    run_every_five_minutes(database, monitor_id, GOOD, FAILED)

    for alert in told(database)[:2]:
        with pytest.raises(InvalidInput, match="no trouble that lasts"):
            acknowledge(database, alert)


@pytest.mark.parametrize(
    ("by", "error"),
    [
        (actor(Role.READ_ONLY), Forbidden),
        (STRANGER, NotFound),
        (Actor(account_id=1, role=Role.USER, access=MonitorAccess(default=Access.NONE)), NotFound),
        (Actor(account_id=1, role=Role.USER, access=MonitorAccess(default=Access.VIEW)), Forbidden),
    ],
    ids=["who may only read", "a stranger", "who may not see the monitor", "who may only see the monitor"],
)
def test_no_alert_is_acknowledged_by(database: Database, by: Actor, error: type[Exception]) -> None:
    make_recipient(database)
    happen(database, monitor_of(database), FAILED)

    with pytest.raises(error):
        acknowledge(database, told(database)[0], by)


def test_of_monitors_told_together_only_those_that_may_be_edited_are_acknowledged(database: Database) -> None:
    make_recipient(database)
    mine, other = monitor_of(database), monitor_of(database)
    for monitor_id in (mine, other):
        happen(database, monitor_id, FAILED)
    deliver(database, at=NOW + 2 * SECOND)
    limited = MonitorAccess(default=Access.NONE, edit=frozenset({mine}))

    acknowledge(database, told(database)[0], Actor(account_id=1, role=Role.USER, email="x", access=limited))

    assert [(alert.monitor_id, alert.acknowledged_by) for alert in told(database)] == [(mine, "x"), (other, None)]
