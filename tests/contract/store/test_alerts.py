"""Alerts follow from how runs end: in the same transaction, to the right recipients, told together where they belong so."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.contract.store.builders import ADMIN, KEYS, NOW, claimed, make_monitor, result

from mailtrip.model import (
    Alert,
    AlertKind,
    AlertMethod,
    AlertPackage,
    BlackoutType,
    DeliveryAnswer,
    DeliveryState,
    Result,
    Run,
    RunKind,
    RunState,
    StatusCode,
    Stray,
    Verdict,
)
from mailtrip.service import blackouts, endings, groups, ledger, monitors, outbox, recipients, runs
from mailtrip.service.blackout_rules import BlackoutDraft
from mailtrip.service.endings import Conclusion
from mailtrip.service.monitors import UNCHANGED, Passwords
from mailtrip.service.runs import PlannedRun
from mailtrip.service.secrets import KeyRing
from mailtrip.store import Database
from mailtrip.store import alerts as alert_rows
from mailtrip.store import recipients as recipient_rows

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
FAILED = result(StatusCode.SMTP_LOGIN, Verdict.UNSENT)
MISSING = result(StatusCode.TIMEOUT, Verdict.MISSING)
GOOD = result()
LOST = result(StatusCode.LOCATION_LOST, Verdict.UNKNOWN)
SENT = DeliveryAnswer(is_sent=True, text="250 ok")


def make_recipient(database: Database, **fields: object) -> int:
    given: dict[str, Any] = {  # Any: values of many types
        "method": AlertMethod.WEB_JSON,
        "address": "https://hooks.probe.test/T1",
        "username": "mailtrip",
        "notify_on_clear": True,
    }
    return database.write(
        lambda connection: recipients.create(
            connection, ADMIN, given | fields, password="hook-password", secrets=KEYS, now=NOW
        )
    )


def monitor_of(database: Database, *, local_retry: bool = False, **fields: object) -> int:
    return make_monitor(database, None, now=NOW, local_retry=local_retry, **fields)


def conclude(database: Database, run: Run, outcome: Result, *, at: datetime | None = None) -> None:
    ending = Conclusion(run=run, state=RunState.FINISHED, result=outcome)
    database.write(lambda connection: endings.conclude(connection, [ending], now=at or run.slot))


def happen(database: Database, monitor_id: int, outcome: Result, *, slot: datetime = NOW) -> Run:
    """A planned run ends like this."""
    run = claimed(database, monitor_id, slot=slot, token=f"token {monitor_id} {slot}")
    conclude(database, run, outcome)
    return run


def told(database: Database) -> list[Alert]:
    """All alerts, oldest first."""
    return database.read(lambda connection: alert_rows.page(connection, ADMIN.account_id, limit=1000))[::-1]


def kinds(database: Database) -> list[AlertKind]:
    return [alert.kind for alert in told(database)]


def deliver(database: Database, *, at: datetime, answer: DeliveryAnswer = SENT) -> list[AlertPackage]:
    """What the outbox sends at a moment."""
    database.write(lambda connection: outbox.bundle_due(connection, now=at))
    packages = database.write(lambda connection: outbox.claim(connection, KEYS, now=at, limit=100))
    for package in packages:
        database.write(lambda connection, package=package: outbox.record(connection, package.delivery, answer, now=at))  # type: ignore[misc]
    return packages


def test_an_error_is_told_once_reminded_of_and_cleared(database: Database) -> None:
    recipient_id = make_recipient(database)
    monitor_id = monitor_of(database)

    for number, outcome in enumerate([GOOD, FAILED, FAILED, FAILED, GOOD, GOOD]):
        happen(database, monitor_id, outcome, slot=NOW + 5 * number * MINUTE)

    assert [(alert.kind, alert.errors, alert.created_at - NOW) for alert in told(database)] == [
        (AlertKind.ERROR, 1, 5 * MINUTE),
        (AlertKind.REMINDER, 2, 10 * MINUTE),
        (AlertKind.CLEAR, 0, 20 * MINUTE),
    ]
    assert {(alert.recipient_id, alert.monitor_id) for alert in told(database)} == {(recipient_id, monitor_id)}
    assert {alert.since for alert in told(database)} == {NOW + 5 * MINUTE}


def test_an_error_is_told_when_its_recheck_has_failed_too(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database, local_retry=True)
    run = happen(database, monitor_id, FAILED)
    assert kinds(database) == []

    recheck(database, run, FAILED)

    assert [(alert.kind, alert.run_id) for alert in told(database)] == [(AlertKind.ERROR, run.id)]


@pytest.mark.parametrize("outcome", [GOOD, LOST], ids=["found no error", "could not tell"])
def test_an_error_is_not_told_when_its_recheck(database: Database, outcome: Result) -> None:
    make_recipient(database)
    run = happen(database, monitor_of(database, local_retry=True), FAILED)

    recheck(database, run, outcome)

    assert kinds(database) == []


def recheck(database: Database, run: Run, outcome: Result) -> None:
    planned = PlannedRun(
        account_id=run.account_id,
        monitor_id=run.monitor_id,
        location_id=run.location_id,
        slot=run.slot,
        kind=RunKind.RECHECK,
        token=f"recheck of {run.id}",
        recheck_of=run.id,
    )
    (second,) = database.write(lambda connection: runs.claim(connection, [planned], now=run.slot))
    conclude(database, second, outcome)


def test_an_error_that_the_next_planned_run_verifies_is_told(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database, local_retry=True)
    first = happen(database, monitor_id, FAILED)
    second = claimed(database, monitor_id, slot=NOW + 5 * MINUTE, token="second")

    conclude(database, replace(second, recheck_of=first.id), FAILED)

    assert [(alert.kind, alert.run_id) for alert in told(database)] == [(AlertKind.ERROR, first.id)]


def test_trouble_of_ours_neither_begins_nor_ends_an_error(database: Database) -> None:
    make_recipient(database, start_threshold=2)
    monitor_id = monitor_of(database)

    for number, outcome in enumerate([LOST, FAILED, LOST, FAILED]):
        happen(database, monitor_id, outcome, slot=NOW + number * MINUTE)

    assert [(alert.kind, alert.errors) for alert in told(database)] == [(AlertKind.ERROR, 2)]


def test_tests_on_demand_send_no_alert(database: Database) -> None:
    make_recipient(database)
    run = claimed(database, monitor_of(database), kind=RunKind.TEST, token="test")

    conclude(database, run, FAILED)

    assert kinds(database) == []


def test_a_monitor_whose_alerts_are_off_sends_none(database: Database) -> None:
    make_recipient(database)

    happen(database, monitor_of(database, notify_on_error=False), FAILED)

    assert kinds(database) == []


def test_a_run_that_is_concluded_twice_is_told_once(database: Database) -> None:
    make_recipient(database)
    run = happen(database, monitor_of(database), FAILED)

    conclude(database, run, FAILED)

    assert kinds(database) == [AlertKind.ERROR]


def test_groups_narrow_who_is_told(database: Database) -> None:
    first, second, third = (make_recipient(database, name=name) for name in "abc")
    grouped, other = monitor_of(database), monitor_of(database)
    make_group(database, monitor_ids=(grouped,), recipient_ids=(first,), status_codes=(StatusCode.SMTP_LOGIN,))
    make_group(database, monitor_ids=(grouped,), recipient_ids=(second,), status_codes=(StatusCode.TIMEOUT,))

    happen(database, grouped, FAILED)
    happen(database, other, MISSING)

    assert [(alert.monitor_id, alert.recipient_id) for alert in told(database)] == [
        (grouped, first),
        *((other, recipient_id) for recipient_id in (first, second, third)),
    ]


def make_group(database: Database, **fields: object) -> int:
    return database.write(lambda connection: groups.create(connection, ADMIN, {"name": "Team"} | fields, now=NOW))


@pytest.mark.parametrize("type_", BlackoutType)
def test_a_blackout_holds_back_and_what_still_holds_is_told_afterwards(database: Database, type_: BlackoutType) -> None:
    recipient_id = make_recipient(database)
    monitor_id = monitor_of(database)
    subject = recipient_id if type_ is BlackoutType.NOTIFIER else monitor_id
    database.write(
        lambda connection: blackouts.create(
            connection,
            ADMIN,
            BlackoutDraft(type=type_, subject_id=subject, start=NOW, end=NOW + 10 * MINUTE),
            now=NOW - MINUTE,
        )
    )

    happen(database, monitor_id, FAILED, slot=NOW + 9 * MINUTE)
    assert kinds(database) == []
    happen(database, monitor_id, FAILED, slot=NOW + 10 * MINUTE)

    assert [(alert.kind, alert.since) for alert in told(database)] == [(AlertKind.ERROR, NOW + 9 * MINUTE)]


def test_a_message_that_comes_late_is_told_as_delayed(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    run = happen(database, monitor_id, replace(MISSING, token="t", queued_as="250 ok"))
    deliver(database, at=NOW + MINUTE)
    arrived = NOW + 4 * MINUTE
    stray = Stray(
        token=run.token or "", folder="INBOX", key="1", received_at=arrived, asked_at=arrived, seen_at=arrived
    )

    database.write(lambda connection: ledger.settle(connection, [stray], now=arrived))

    assert kinds(database) == [AlertKind.ERROR, AlertKind.DELAYED]
    (package,) = deliver(database, at=arrived + MINUTE)
    (item,) = package.items
    assert item.run is not None
    assert item.run.result is not None
    assert item.run.result.delay is not None


def test_an_error_that_was_our_own_fault_is_withdrawn(database: Database) -> None:
    make_recipient(database, notify_on_clear=False)
    run = happen(database, monitor_of(database), result(StatusCode.CONNECTION_FAILED, Verdict.UNSENT))
    deliver(database, at=NOW + 2 * SECOND)

    database.write(lambda connection: ledger.excuse(connection, [run.id], now=NOW + MINUTE))

    assert kinds(database) == [AlertKind.ERROR, AlertKind.WITHDRAWN]


def test_an_error_that_was_our_own_fault_vanishes_silently_while_nobody_was_told(database: Database) -> None:
    make_recipient(database)
    run = happen(database, monitor_of(database), result(StatusCode.CONNECTION_FAILED, Verdict.UNSENT))

    database.write(lambda connection: ledger.excuse(connection, [run.id], now=NOW + SECOND))

    assert kinds(database) == []
    assert deliver(database, at=NOW + MINUTE) == []


def test_an_error_that_is_over_before_it_was_sent_is_told_as_over(database: Database) -> None:
    make_recipient(database, notify_on_clear=False)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    happen(database, monitor_id, GOOD, slot=NOW + SECOND)

    (package,) = deliver(database, at=NOW + MINUTE)

    assert [(item.alert.kind, package.alerts) for item in package.items] == [(AlertKind.CLEAR, 2)]


def test_monitors_that_fail_for_one_cause_are_told_together(database: Database) -> None:
    make_recipient(database)
    alike = [monitor_of(database, name=f"alike {number}") for number in range(3)]
    other = monitor_of(database, smtp_server="smtps://other.probe.test")
    for monitor_id in (*alike, other):
        happen(database, monitor_id, FAILED)

    assert deliver(database, at=NOW + SECOND) == []
    packages = [*deliver(database, at=NOW + 2 * SECOND), *deliver(database, at=NOW + 2 * SECOND)]

    assert sorted([item.monitor_name for item in package.items] for package in packages) == [
        ["Round trip"],
        ["alike 0", "alike 1", "alike 2"],
    ]
    assert sorted(package.count for package in packages) == [1, 3]
    assert {package.password for package in packages} == {"hook-password"}


def test_what_goes_on_failing_is_waited_for_four_seconds_at_most(database: Database) -> None:
    make_recipient(database)
    for number in range(6):
        happen(database, monitor_of(database), FAILED, slot=NOW + number * SECOND)

    assert deliver(database, at=NOW + 3.9 * SECOND) == []
    (package,) = deliver(database, at=NOW + 4 * SECOND)

    assert package.count == 6


def test_further_monitors_that_fail_for_a_cause_already_told_wait_longer_each_time(database: Database) -> None:
    make_recipient(database)
    sent_at = []
    at = NOW
    for number in range(4):
        happen(database, monitor_of(database, name=str(number)), FAILED, slot=at)
        while not deliver(database, at=at):
            at += SECOND
        sent_at.append(at)

    assert [later - earlier for earlier, later in itertools.pairwise(sent_at)] == [
        MINUTE,
        2 * MINUTE,
        4 * MINUTE,
    ]


def test_the_end_of_an_error_that_is_still_untold_is_told_with_it(database: Database) -> None:
    """Else the delivery of the error, which waits longer, would come after that of its end."""
    make_recipient(database)
    monitor_id = monitor_of(database)
    at = NOW
    for _ in range(3):  # after which further errors of this cause wait for four minutes
        happen(database, monitor_id, FAILED, slot=at)
        while not deliver(database, at=at):
            at += SECOND
        at += MINUTE
        happen(database, monitor_id, GOOD, slot=at)
        while not deliver(database, at=at):
            at += SECOND
    for outcome in (FAILED, GOOD, FAILED, GOOD):
        at += SECOND
        happen(database, monitor_id, outcome, slot=at)

    sent: list[AlertPackage] = []
    while not sent:
        at += SECOND
        sent = deliver(database, at=at)

    (package,) = sent
    assert [(item.alert.kind, package.count, package.alerts) for item in package.items] == [(AlertKind.CLEAR, 1, 4)]
    assert deliver(database, at=at + 60 * MINUTE) == []


def test_a_recipient_hears_of_things_in_their_order_also_where_sending_fails(database: Database) -> None:
    make_recipient(database)
    first, second = monitor_of(database, name="first"), monitor_of(database, name="second")
    refused = DeliveryAnswer(is_sent=False, text="HTTP 503", is_temporary=True)
    happen(database, first, FAILED)
    deliver(database, at=NOW + 2 * SECOND, answer=refused)
    happen(database, second, MISSING, slot=NOW + 3 * SECOND)
    happen(database, first, GOOD, slot=NOW + 4 * SECOND)

    at = NOW + 6 * SECOND
    assert deliver(database, at=at) == []
    told_in_order: list[str | None] = []
    while at < NOW + MINUTE:
        at += SECOND
        told_in_order += [item.monitor_name for package in deliver(database, at=at) for item in package.items]

    assert told_in_order[0] == "first"
    assert sorted(map(str, told_in_order)) == ["first", "first", "second"]


def test_what_could_not_be_sent_is_sent_again_under_the_same_key(database: Database) -> None:
    make_recipient(database)
    happen(database, monitor_of(database), FAILED)
    refused = DeliveryAnswer(is_sent=False, text="HTTP 503", is_temporary=True)
    at = NOW + 2 * SECOND
    attempts: list[tuple[str, datetime]] = []
    while len(attempts) < 4:
        attempts += [(package.delivery.key, at) for package in deliver(database, at=at, answer=refused)]
        at += SECOND

    times = [time for _, time in attempts]
    assert len({key for key, _ in attempts}) == 1
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [
        10 * SECOND,
        20 * SECOND,
        40 * SECOND,
    ]


@pytest.mark.parametrize(
    ("answer", "at", "state"),
    [
        (SENT, NOW + MINUTE, DeliveryState.SENT),
        (DeliveryAnswer(is_sent=False, text="HTTP 404"), NOW + MINUTE, DeliveryState.FAILED),
        (DeliveryAnswer(is_sent=False, text="x", is_temporary=True), NOW + 25 * 60 * MINUTE, DeliveryState.FAILED),
    ],
    ids=["sent", "refused for good", "not reached for a day"],
)
def test_a_delivery_ends_when_it_is(
    database: Database, answer: DeliveryAnswer, at: datetime, state: DeliveryState
) -> None:
    make_recipient(database)
    happen(database, monitor_of(database), FAILED)
    deliver(database, at=NOW + 2 * SECOND, answer=DeliveryAnswer(is_sent=False, text="-", is_temporary=True))

    (package,) = deliver(database, at=at, answer=answer)

    found = database.read(lambda connection: alert_rows.deliveries(connection, [package.delivery.id]))
    assert [(each.state, each.answer, each.ended_at) for each in found.values()] == [(state, answer.text, at)]
    assert deliver(database, at=at + 48 * 60 * MINUTE) == []


def test_what_a_dead_process_was_sending_is_sent_again(database: Database) -> None:
    make_recipient(database)
    happen(database, monitor_of(database), FAILED)
    at = NOW + 2 * SECOND
    database.write(lambda connection: outbox.bundle_due(connection, now=at))
    (begun,) = database.write(lambda connection: outbox.claim(connection, KEYS, now=at, limit=10))
    assert deliver(database, at=at + MINUTE) == []

    assert database.write(outbox.release) == 1

    (again,) = deliver(database, at=at + MINUTE)
    assert (again.delivery.key, again.delivery.attempts) == (begun.delivery.key, 2)


def test_there_is_work_only_when_something_is_due(database: Database) -> None:
    def has_work(at: datetime) -> bool:
        return database.read(lambda connection: outbox.has_work(connection, now=at))

    make_recipient(database)
    assert not has_work(NOW)
    happen(database, monitor_of(database), FAILED)
    assert not has_work(NOW + SECOND)
    assert has_work(NOW + 2 * SECOND)
    deliver(database, at=NOW + 2 * SECOND, answer=DeliveryAnswer(is_sent=False, text="-", is_temporary=True))
    assert not has_work(NOW + 3 * SECOND)
    assert has_work(NOW + 12 * SECOND)


def test_it_is_known_when_there_will_be_work(database: Database) -> None:
    def next_look(at: datetime) -> timedelta | None:
        return database.read(lambda connection: outbox.next_look(connection, now=at))

    make_recipient(database)
    assert next_look(NOW) is None
    happen(database, monitor_of(database), FAILED)
    assert next_look(NOW + SECOND) == SECOND
    assert next_look(NOW + 2 * SECOND) == timedelta(0)
    deliver(database, at=NOW + 2 * SECOND)
    assert next_look(NOW + 3 * SECOND) is None


def test_what_was_told_is_forgotten_with_its_recipient_or_group(database: Database) -> None:
    recipient_id = make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)

    database.write(
        lambda connection: recipients.edit(
            connection, ADMIN, recipient_id, {"availability_alert": False}, password=UNCHANGED, secrets=KEYS, now=NOW
        )
    )
    happen(database, monitor_id, GOOD, slot=NOW + MINUTE)

    assert kinds(database) == [AlertKind.ERROR]
    assert standings(database, [monitor_id]) == []


def standings(database: Database, monitor_ids: Sequence[int]) -> list[alert_rows.StandingRow]:
    return database.write(lambda connection: alert_rows.standings(connection, monitor_ids))


def test_a_monitor_that_is_well_leaves_nothing_to_remember(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    assert [row.errors for row in standings(database, [monitor_id])] == [1]

    happen(database, monitor_id, GOOD, slot=NOW + MINUTE)

    assert standings(database, [monitor_id]) == []


def test_a_removed_monitor_is_not_told_of(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    run = claimed(database, monitor_id, token="t")
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=NOW))

    conclude(database, run, FAILED)

    assert kinds(database) == []


def test_a_package_has_the_whole_web_address_which_it_does_not_show(database: Database) -> None:
    make_recipient(database)
    happen(database, monitor_of(database), FAILED)

    (package,) = deliver(database, at=NOW + 2 * SECOND)

    assert package.recipient.settings.address == "https://hooks.probe.test/T1"
    assert "/T1" not in repr(package)


def test_a_web_address_that_was_sealed_with_another_key_is_none(database: Database) -> None:
    recipient_id = make_recipient(database)
    other = KeyRing(bytes(32)).seal("https://hooks.probe.test/T1")
    database.write(
        lambda connection: recipient_rows.seal_address(
            connection, recipient_id, shown="https://hooks.probe.test/***", sealed=other
        )
    )
    happen(database, monitor_of(database), FAILED)

    (package,) = deliver(database, at=NOW + 2 * SECOND)

    assert package.recipient.settings.address == ""


def test_passwords_of_monitors_are_in_no_package(database: Database) -> None:
    make_recipient(database)
    happen(database, make_monitor(database, Passwords(mailbox="mailbox-password"), local_retry=False), FAILED)

    (package,) = deliver(database, at=NOW + 2 * SECOND)

    assert "mailbox-password" not in repr(package)
    assert "hook-password" not in repr(package)
