"""Alerts for tests: each with a sensible default for what a test does not care about."""

from datetime import UTC, datetime, timedelta

from mailtrip.model import (
    Alert,
    AlertDelivery,
    AlertItem,
    AlertKind,
    AlertMethod,
    AlertPackage,
    DeliveryState,
    Direction,
    MailProtocol,
    Proof,
    Recipient,
    RecipientSettings,
    Result,
    Run,
    RunKind,
    RunState,
    SessionRecord,
    StatusCode,
    Step,
    Timing,
    TranscriptLine,
    Verdict,
)

__all__ = ["KEY", "NOW", "make_item", "make_package", "make_recipient", "make_run"]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"


def make_recipient(
    method: AlertMethod = AlertMethod.EMAIL_TEXT,
    address: str = "team@probe.test",
    *,
    username: str | None = None,
    recipient_id: int = 100001,
    subject_template: str | None = None,
    text_template: str | None = None,
) -> Recipient:
    return Recipient(
        id=recipient_id,
        account_id=1,
        settings=RecipientSettings(
            method=method,
            address=address,
            username=username,
            subject_template=subject_template,
            text_template=text_template,
        ),
        has_password=username is not None,
        created_at=NOW,
        modified_at=NOW,
    )


def make_run(*, delay: timedelta | None = None) -> Run:
    said = TranscriptLine(timedelta(seconds=1), Direction.RECEIVED, "535 5.7.8 Authentication failed")
    session = SessionRecord(
        protocol=MailProtocol.SMTP, server="smtps://smtp.probe.test:465", address=None, tls=None, transcript=(said,)
    )
    return Run(
        id=100007,
        account_id=1,
        monitor_id=100003,
        location_id=10,
        slot=NOW,
        kind=RunKind.SCHEDULED,
        state=RunState.FINISHED,
        result=Result(
            verdict=Verdict.UNSENT,
            status=StatusCode.SMTP_LOGIN,
            step=Step.LOGIN,
            summary="smtps://smtp.probe.test:465 refused the login.",
            started_at=NOW,
            duration=timedelta(seconds=1),
            sessions=(session,),
            proof=(Proof(session=0, line=0),),
            timings=(
                Timing(step=Step.CONNECT, offset=timedelta(0), duration=timedelta(milliseconds=12)),
                Timing(step=Step.TLS, offset=timedelta(milliseconds=12), duration=timedelta(milliseconds=40)),
            ),
            delay=delay,
        ),
    )


def make_item(
    kind: AlertKind = AlertKind.ERROR,
    *,
    name: str | None = "Münster mail",
    after: timedelta = timedelta(0),
    run: Run | None = None,
) -> AlertItem:
    """An alert so long after its error began; a test is about nothing."""
    is_test = kind is AlertKind.TEST
    alert = Alert(
        id=17,
        account_id=1,
        recipient_id=100001,
        monitor_id=None if is_test else 100003,
        run_id=None if is_test else 100007,
        kind=kind,
        status=StatusCode.OK if is_test else StatusCode.SMTP_LOGIN,
        errors=0 if kind.ends_error else 2,
        since=NOW - after,
        created_at=NOW,
        cause="x",
    )
    return AlertItem(alert=alert, monitor_name=None if is_test else name, run=None if is_test else run or make_run())


def make_package(
    *items: AlertItem,
    recipient: Recipient | None = None,
    password: str | None = None,
    count: int | None = None,
    alerts: int | None = None,
) -> AlertPackage:
    items = items or (make_item(),)
    delivery = AlertDelivery(
        id=3,
        account_id=1,
        recipient_id=100001,
        cause="x",
        key=KEY,
        state=DeliveryState.SENDING,
        created_at=NOW,
        attempts=1,
        next_at=NOW,
    )
    return AlertPackage(
        delivery=delivery,
        account_name="Stadtwerke",
        recipient=recipient or make_recipient(),
        password=password,
        items=items,
        count=count or len(items),
        alerts=alerts or count or len(items),
    )
