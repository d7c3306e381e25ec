"""Alerts as their page shows them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.alerts.builders import NOW, make_item, make_recipient

from mailtrip.alerts.holding import Wait, WaitReason, wait_in_delivery
from mailtrip.model import (
    Access,
    Actor,
    AlertDelivery,
    AlertKind,
    AlertMethod,
    DeliveryFailure,
    DeliveryState,
    MonitorAccess,
    RecipientGroup,
    RecipientGroupSettings,
    Role,
)
from mailtrip.service.alert_log import LoggedAlert
from mailtrip.web.alert_view import KIND_NAMES, LogRow, TroubleView, name_of, show_group, show_log, show_troubles
from mailtrip.web.route_view import Tone

ADMIN = Actor(account_id=1, role=Role.ADMIN)
TEAM = make_recipient()
HOUR = timedelta(hours=1)


def logged(kind: AlertKind = AlertKind.ERROR, delivery: AlertDelivery | None = None, **fields: object) -> LoggedAlert:
    alert = replace(make_item(kind).alert, **fields)  # type: ignore[arg-type]  # fields of many types
    return LoggedAlert(alert=alert, delivery=delivery, wait=None if delivery is None else wait_in_delivery(delivery))


def delivery(state: DeliveryState, attempts: int = 1, answer: str | None = None) -> AlertDelivery:
    return AlertDelivery(
        id=3,
        account_id=1,
        recipient_id=TEAM.id,
        cause="x",
        key="0" * 32,
        state=state,
        created_at=NOW,
        attempts=attempts,
        next_at=NOW + HOUR,
        answer=answer,
    )


def row(found: LoggedAlert) -> LogRow:
    return show_log(found, monitors={100003: "Orders"}, recipients={TEAM.id: TEAM})


def troubles(*found: LoggedAlert, actor: Actor = ADMIN) -> list[TroubleView]:
    return show_troubles(found, actor, monitors={100003: "Orders"}, recipients={TEAM.id: TEAM}, now=NOW)


@pytest.mark.parametrize(
    ("method", "address", "name"),
    [
        (AlertMethod.EMAIL_TEXT, "team@probe.test", "team@probe.test"),
        (
            AlertMethod.WEB_JSON,
            "https://hooks.example.com/T0KEN?key=s3cret",
            "hooks.example.com",
        ),
        (AlertMethod.APPRISE, "slack", "slack"),
        (AlertMethod.SNMP_V2C, "traps.example.com", "traps.example.com"),
    ],
)
def test_a_recipient_without_a_name_is_called_by_its_address_but_for_what_may_be_a_key(
    method: AlertMethod, address: str, name: str
) -> None:
    assert name_of(make_recipient(method, address)) == name


def test_a_recipient_that_is_gone_is_told_so() -> None:
    assert name_of(None) == "a recipient that was removed"


@pytest.mark.parametrize(
    ("made", "text", "tone"),
    [
        (None, "waits", Tone.OPEN),
        (delivery(DeliveryState.WAITING, attempts=0), "waits", Tone.OPEN),
        (delivery(DeliveryState.WAITING), "is tried again", Tone.OPEN),
        (delivery(DeliveryState.WAITING, attempts=3), "is tried again after 3 attempts", Tone.OPEN),
        (delivery(DeliveryState.SENDING), "is being sent", Tone.OPEN),
        (delivery(DeliveryState.SENT), "sent", Tone.GOOD),
        (delivery(DeliveryState.SENT, attempts=2), "sent after 2 attempts", Tone.GOOD),
        (delivery(DeliveryState.FAILED, attempts=9), "not sent after 9 attempts", Tone.BAD),
    ],
)
def test_what_became_of_an_alert_is_told(made: AlertDelivery | None, text: str, tone: Tone) -> None:
    shown = row(logged(delivery=made))
    assert (shown.delivery, shown.delivery_tone) == (text, tone)


def test_the_next_attempt_is_told_of_those_that_wait_only() -> None:
    assert row(logged(delivery=delivery(DeliveryState.WAITING))).next_at == NOW + HOUR
    assert row(logged(delivery=delivery(DeliveryState.SENT))).next_at is None


def test_the_far_end_s_own_words_are_shown() -> None:
    assert row(logged(delivery=delivery(DeliveryState.FAILED, answer="550 no <b>"))).answer == "550 no <b>"


@pytest.mark.parametrize("kind", AlertKind)
def test_each_kind_has_a_name(kind: AlertKind) -> None:
    assert row(logged(kind)).kind == KIND_NAMES[kind]


def test_alerts_of_one_monitor_are_one_trouble() -> None:
    [trouble] = troubles(
        logged(id=9, since=NOW - HOUR),
        logged(id=8, since=NOW - 2 * HOUR, recipient_id=77),
        logged(AlertKind.TEST, id=7),
    )
    assert (trouble.monitor, trouble.since, trouble.alert_id) == ("Orders", NOW - 2 * HOUR, 9)
    assert [told.recipient for told in trouble.told] == ["team@probe.test", "a recipient that was removed"]


@pytest.mark.parametrize(("hours", "is_snoozed"), [(1, True), (0, False), (-1, False)])
def test_a_snooze_counts_until_it_is_over(hours: int, *, is_snoozed: bool) -> None:
    [trouble] = troubles(logged(snoozed_until=NOW + hours * HOUR, snoozed_by="Ada"))
    told = trouble.told[0]
    assert (told.snoozed_until is not None, told.snoozed_by) == (is_snoozed, "Ada" if is_snoozed else None)


@pytest.mark.parametrize(
    ("role", "access", "may_answer"),
    [
        (Role.ADMIN, None, True),
        (Role.USER, None, True),
        (Role.READ_ONLY, None, False),
        (Role.USER, MonitorAccess(default=Access.VIEW), False),
        (Role.USER, MonitorAccess(default=Access.EDIT), True),
    ],
)
def test_who_may_not_answer_is_offered_nothing(role: Role, access: MonitorAccess | None, *, may_answer: bool) -> None:
    [trouble] = troubles(logged(), actor=Actor(account_id=1, role=role, access=access))
    assert trouble.may_answer == may_answer


def test_of_a_group_monitors_that_may_not_be_seen_are_counted_only() -> None:
    settings = RecipientGroupSettings(
        name="Night",
        monitor_ids=(100003, 5, 6),
        recipient_ids=(TEAM.id,),
        status_codes=(104, 204),
        escalate_after=timedelta(minutes=30),
        escalate_to=(TEAM.id,),
        escalate_to_groups=(2,),
    )
    group = RecipientGroup(id=1, account_id=1, settings=settings, created_at=NOW, modified_at=NOW)
    shown = show_group(group, monitors={100003: "Orders"}, recipients={TEAM.id: TEAM}, groups={2: "Chiefs"})
    assert (shown.monitors, shown.recipients, shown.errors, shown.escalation) == (
        "Orders, 2 more",
        "team@probe.test",
        "104, 204",
        "after 30 minutes to team@probe.test, the group Chiefs",
    )


@pytest.mark.parametrize(
    ("state", "failure", "outlook"),
    [
        (DeliveryState.SENT, None, ""),
        (DeliveryState.WAITING, None, ""),
        (DeliveryState.WAITING, DeliveryFailure.PASSING, "the error may pass"),
        (DeliveryState.FAILED, DeliveryFailure.PERMANENT, "the error is permanent"),
        (DeliveryState.FAILED, DeliveryFailure.PASSING, "given up after a day"),
    ],
)
def test_errors_that_may_pass_are_told_from_those_that_last(
    state: DeliveryState, failure: DeliveryFailure | None, outlook: str
) -> None:
    assert row(logged(delivery=replace(delivery(state), failure=failure))).outlook == outlook


@pytest.mark.parametrize("reason", WaitReason)
def test_why_an_alert_waits_is_told_with_the_end_of_that(reason: WaitReason) -> None:
    shown = row(replace(logged(), wait=Wait(reason=reason, until=NOW + HOUR)))

    assert (bool(shown.waits), shown.next_at) == (reason is not WaitReason.SENDING, NOW + HOUR)
