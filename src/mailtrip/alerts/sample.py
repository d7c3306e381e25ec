"""An alert that never was, for previews of templates."""

from datetime import UTC, datetime, timedelta

from mailtrip.alerts.document import Document
from mailtrip.alerts.wording import values_of
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
    TranscriptLine,
    Verdict,
)

__all__ = ["sample_values"]

_AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
_SERVER = "smtps://smtp.example.com:465"


def sample_values() -> Document:
    """What templates may name, of an alert about a login that is refused."""
    return values_of(_package(), public_url="https://mailtrip.example.com")


def _package() -> AlertPackage:
    delivery = AlertDelivery(
        id=1,
        account_id=1,
        recipient_id=100001,
        cause=f"error 104 {_SERVER}",
        key="0123456789abcdef0123456789abcdef",
        state=DeliveryState.SENDING,
        created_at=_AT,
        next_at=_AT,
    )
    recipient = Recipient(
        id=100001,
        account_id=1,
        settings=RecipientSettings(method=AlertMethod.EMAIL_TEXT, address="mail-team@example.com"),
        has_password=False,
        created_at=_AT,
        modified_at=_AT,
    )
    return AlertPackage(
        delivery=delivery, account_name="Example", recipient=recipient, items=(_item(),), count=1, alerts=1
    )


def _item() -> AlertItem:
    alert = Alert(
        id=100001,
        account_id=1,
        recipient_id=100001,
        monitor_id=100001,
        run_id=100001,
        kind=AlertKind.ERROR,
        status=StatusCode.SMTP_LOGIN,
        errors=1,
        since=_AT,
        created_at=_AT,
        cause=f"error 104 {_SERVER}",
    )
    return AlertItem(alert=alert, monitor_name="Example mail", run=_run())


def _run() -> Run:
    said = TranscriptLine(timedelta(seconds=1), Direction.RECEIVED, "535 5.7.8 Authentication failed")
    session = SessionRecord(protocol=MailProtocol.SMTP, server=_SERVER, address=None, tls=None, transcript=(said,))
    result = Result(
        verdict=Verdict.UNSENT,
        status=StatusCode.SMTP_LOGIN,
        step=Step.LOGIN,
        summary=f"{_SERVER} refused the login: 535 5.7.8 Authentication failed.",
        proof=(Proof(session=0, line=0),),
        started_at=_AT,
        duration=timedelta(seconds=1),
        sessions=(session,),
    )
    return Run(
        id=100001,
        account_id=1,
        monitor_id=100001,
        location_id=10,
        slot=_AT,
        kind=RunKind.SCHEDULED,
        state=RunState.FINISHED,
        result=result,
    )
