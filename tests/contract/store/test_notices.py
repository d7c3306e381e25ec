"""Certificates, quotas and deletions are told once a day, all monitors that share the cause together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.contract.store.builders import ADMIN, KEYS, NOW, claimed, result
from tests.contract.store.test_alerts import conclude, deliver, make_group, make_recipient, monitor_of, told

from mailtrip.model import (
    AlertKind,
    BlackoutType,
    MailProtocol,
    MonitorType,
    Result,
    RunKind,
    SessionRecord,
    StatusCode,
    Step,
    TLSFacts,
    Verdict,
)
from mailtrip.service import blackouts, monitors
from mailtrip.service.blackout_rules import BlackoutDraft
from mailtrip.service.monitors import Passwords
from mailtrip.store import Database, notices

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SMTP = "smtps://smtp.probe.test:465"
MAILBOX = "pop3s://mail.probe.test:995"


def tls(*, ends: datetime, name: str = "CN=*.probe.test") -> TLSFacts:
    return TLSFacts(version="TLSv1.3", cipher="x", subject=name, issuer="CN=CA", not_before=NOW, not_after=ends)


def seen(
    *, days: int = 365, name: str = "CN=*.probe.test", quota: int | None = None, status: StatusCode = StatusCode.OK
) -> Result:
    """A delivered message, seen by servers with a certificate that is good for so long from `NOW` on."""
    facts = tls(ends=NOW + days * DAY, name=name)
    sessions = (
        SessionRecord(protocol=MailProtocol.SMTP, server=SMTP, address=None, tls=facts),
        SessionRecord(protocol=MailProtocol.POP3, server=MAILBOX, address=None, tls=None, quota_percent=quota),
    )
    return replace(result(status), sessions=sessions, copies=1)


SOON = seen(days=10, status=StatusCode.CERTIFICATE)
RENEWED = seen()
FULL = seen(quota=93, status=StatusCode.MAILBOX_FILLING)
ROOM = seen(quota=50)
STUCK = replace(seen(status=StatusCode.DELETE_FAILED), left_behind=1, step=Step.DELETE)


def happen(
    database: Database, monitor_id: int, outcome: Result, *, at: datetime, kind: RunKind = RunKind.SCHEDULED
) -> None:
    run = claimed(database, monitor_id, slot=at, token=f"{monitor_id} {at} {kind}", kind=kind)
    conclude(database, run, outcome)


def go(
    database: Database,
    monitor_id: int,
    outcomes: Sequence[Result],
    *,
    since: datetime = NOW,
    step: timedelta = 15 * MINUTE,
) -> datetime:
    """Runs one after the other; when the last one was."""
    for number, outcome in enumerate(outcomes):
        happen(database, monitor_id, outcome, at=since + number * step)
    return since + (len(outcomes) - 1) * step


def test_a_certificate_that_ends_soon_is_told_once_a_day_and_its_renewal_once(database: Database) -> None:
    recipient_id = make_recipient(database)
    monitor_id = monitor_of(database)

    go(database, monitor_id, [SOON] * 30 + [RENEWED] * 4, step=HOUR)

    assert [(alert.kind, alert.status, alert.created_at - NOW) for alert in told(database)] == [
        (AlertKind.NOTICE, StatusCode.CERTIFICATE, HOUR),
        (AlertKind.NOTICE, StatusCode.CERTIFICATE, 25 * HOUR),
        (AlertKind.CLEAR, StatusCode.CERTIFICATE, 32 * HOUR),
    ]
    assert {(alert.recipient_id, alert.monitor_id) for alert in told(database)} == {(recipient_id, monitor_id)}
    assert [alert.detail for alert in told(database)][1:] == [
        "The certificate of smtps://smtp.probe.test:465 expires on 2026-03-11, 12:00 UTC.",
        "No longer so: The certificate of smtps://smtp.probe.test:465 expires on 2026-03-11, 12:00 UTC.",
    ]


def test_monitors_with_one_certificate_are_told_in_one_alert(database: Database) -> None:
    make_recipient(database)
    alike = [monitor_of(database, name=f"alike {number}") for number in range(5)]
    other = monitor_of(database, name="other")
    for step in range(12):
        for number, monitor_id in enumerate(alike):
            happen(database, monitor_id, SOON, at=NOW + (5 * step + number) * MINUTE)
        happen(database, other, seen(days=9, name="CN=other"), at=NOW + (5 * step + 4) * MINUTE)

    packages = [package for minute in range(90) for package in deliver(database, at=NOW + minute * MINUTE)]

    assert sorted(sorted(str(item.monitor_name) for item in package.items) for package in packages) == [
        [f"alike {number}" for number in range(5)],
        ["other"],
    ]


def test_the_end_is_told_when_no_monitor_finds_it_any_more(database: Database) -> None:
    make_recipient(database)
    first, second = monitor_of(database), monitor_of(database)
    go(database, first, [SOON] * 3)
    last = go(database, second, [SOON] * 3)

    last = go(database, first, [RENEWED] * 3, since=last + 15 * MINUTE)
    assert [alert.kind for alert in told(database)] == [AlertKind.NOTICE]
    go(database, second, [RENEWED] * 3, since=last)

    assert [alert.kind for alert in told(database)] == [AlertKind.NOTICE, AlertKind.CLEAR]


@pytest.mark.parametrize(
    ("bad", "good", "runs"),
    [(SOON, RENEWED, 3), (FULL, ROOM, 3), (STUCK, RENEWED, 3)],
    ids=["certificate", "quota", "deletion"],
)
def test_each_state_is_told_and_cleared(database: Database, bad: Result, good: Result, runs: int) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)

    last = go(database, monitor_id, [bad] * runs)
    go(database, monitor_id, [good] * 3, since=last + MINUTE)

    assert [(alert.kind, alert.status) for alert in told(database)] == [
        (AlertKind.NOTICE, bad.status),
        (AlertKind.CLEAR, bad.status),
    ]
    assert known(database, monitor_id) == []


def known(database: Database, monitor_id: int) -> list[notices.NoticeRow]:
    return database.write(lambda connection: notices.of_monitors(connection, [monitor_id]))


def test_deletions_that_fail_now_and_then_are_not_told(database: Database) -> None:
    make_recipient(database)

    go(database, monitor_of(database), [STUCK, STUCK, RENEWED] * 4)

    assert told(database) == []


def test_two_servers_behind_one_name_do_not_flap(database: Database) -> None:
    make_recipient(database)

    go(database, monitor_of(database), [SOON, RENEWED] * 40)

    assert [alert.kind for alert in told(database)] == [AlertKind.NOTICE]


@pytest.mark.parametrize("severity", ["unknown", "test", "recheck"])
def test_trouble_of_ours_tests_and_rechecks_say_nothing(database: Database, severity: str) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    outcome = replace(SOON, status=StatusCode.LOCATION_LOST, verdict=Verdict.UNKNOWN) if severity == "unknown" else SOON
    kind = RunKind(severity) if severity != "unknown" else RunKind.SCHEDULED

    for number in range(4):
        happen(database, monitor_id, outcome, at=NOW + 15 * number * MINUTE, kind=kind)

    assert told(database) == []


def test_a_warning_is_never_an_error_alert(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)

    for number, outcome in enumerate([SOON, FULL, STUCK] * 20):
        happen(database, monitor_id, outcome, at=NOW + 15 * number * MINUTE)

    assert {alert.kind for alert in told(database)} <= {AlertKind.NOTICE, AlertKind.CLEAR}


@pytest.mark.parametrize("type_", BlackoutType)
def test_a_blackout_holds_back_and_what_still_holds_is_told_afterwards(database: Database, type_: BlackoutType) -> None:
    recipient_id = make_recipient(database)
    monitor_id = monitor_of(database)
    subject = recipient_id if type_ is BlackoutType.NOTIFIER else monitor_id
    end = NOW + 2 * HOUR
    draft = BlackoutDraft(type=type_, subject_id=subject, start=NOW, end=end)
    database.write(lambda connection: blackouts.create(connection, ADMIN, draft, now=NOW - MINUTE))

    go(database, monitor_id, [SOON] * 12)

    assert [(alert.kind, alert.created_at) for alert in told(database)] == [(AlertKind.NOTICE, end)]


def test_an_end_that_a_blackout_holds_back_is_told_afterwards(database: Database) -> None:
    recipient_id = make_recipient(database)
    monitor_id = monitor_of(database)
    last = go(database, monitor_id, [SOON] * 4)
    draft = BlackoutDraft(type=BlackoutType.NOTIFIER, subject_id=recipient_id, start=last + MINUTE, end=last + 2 * HOUR)
    database.write(lambda connection: blackouts.create(connection, ADMIN, draft, now=last))

    go(database, monitor_id, [RENEWED] * 9, since=last + 15 * MINUTE)

    assert [(alert.kind, alert.created_at) for alert in told(database)][1:] == [(AlertKind.CLEAR, last + 2 * HOUR)]


def test_the_end_is_not_told_to_those_who_do_not_care(database: Database) -> None:
    make_recipient(database, notify_on_clear=False)
    monitor_id = monitor_of(database)

    last = go(database, monitor_id, [SOON] * 4)
    go(database, monitor_id, [RENEWED] * 4, since=last + MINUTE)

    assert [alert.kind for alert in told(database)] == [AlertKind.NOTICE]


def test_groups_narrow_who_is_told(database: Database) -> None:
    first, second = make_recipient(database), make_recipient(database)
    monitor_id = monitor_of(database)
    make_group(database, monitor_ids=(monitor_id,), recipient_ids=(first,), status_codes=(StatusCode.CERTIFICATE,))
    make_group(database, monitor_ids=(monitor_id,), recipient_ids=(second,), status_codes=(StatusCode.TIMEOUT,))

    go(database, monitor_id, [SOON] * 4)

    assert [alert.recipient_id for alert in told(database)] == [first]


@pytest.mark.parametrize(
    "change",
    [{"certificate_days": 0}, {"smtp_server": "smtps://other.probe.test"}],
    ids=["no more wanted", "another server"],
)
def test_what_is_no_more_watched_is_forgotten_without_a_word(database: Database, change: dict[str, object]) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    last = go(database, monitor_id, [SOON] * 4)

    edit = partial(monitors.edit, actor=ADMIN, monitor_id=monitor_id, type=MonitorType.ROUND_TRIP, secrets=KEYS)
    database.write(partial(edit, changes=change, passwords=Passwords(), now=last))
    happen(database, monitor_id, replace(SOON, sessions=()), at=last + 15 * MINUTE)

    assert known(database, monitor_id) == []
    assert [alert.kind for alert in told(database)] == [AlertKind.NOTICE]


def test_what_fails_early_says_nothing_of_a_certificate(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    last = go(database, monitor_id, [SOON] * 4)
    refused = replace(result(StatusCode.CONNECTION_FAILED, Verdict.UNSENT), sessions=())

    go(database, monitor_id, [refused] * 5, since=last + 15 * MINUTE)

    assert [row.without for row in known(database, monitor_id)] == [0]


def test_a_monitor_that_is_disabled_keeps_nobody_from_hearing_of_the_end(database: Database) -> None:
    make_recipient(database)
    first, second = monitor_of(database), monitor_of(database)
    go(database, first, [SOON] * 3)
    last = go(database, second, [SOON] * 3)
    database.write(lambda connection: monitors.remove(connection, ADMIN, first, now=last))

    go(database, second, [RENEWED] * 3, since=last + 15 * MINUTE)

    assert [alert.kind for alert in told(database)][-1] is AlertKind.CLEAR
