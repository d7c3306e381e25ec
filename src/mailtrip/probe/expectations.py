"""What an owner expects of a message that arrived, beyond its arrival: what is not met is a warning."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailtrip.model import AuthenticationResult, MailProtocol, MessageFacts, SessionRecord, StatusCode, Step
from mailtrip.probe.moves import Conclusion

__all__ = ["Expectations", "Shortfall", "find_shortfalls", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What is expected.

    Attributes:
        spf: that the receiving side found SPF to pass; likewise `dkim` and `dmarc`.
        certificate_days: that each server's certificate is good for so many days more; None expects nothing.
        quota_percent: that the mailbox is no fuller than this; None expects nothing.
    """

    spf: bool = False
    dkim: bool = False
    dmarc: bool = False
    certificate_days: int | None = 14
    quota_percent: int | None = 90


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An expectation that was not met, and how, in a clause that follows "but"."""

    status: StatusCode
    step: Step
    text: str


def find_shortfalls(
    expectations: Expectations, facts: MessageFacts | None, records: Sequence[SessionRecord], *, now: datetime
) -> tuple[Shortfall, ...]:
    """What falls short, the worst first.

    Args:
        expectations: what is expected.
        facts: of the message; None where there is none, as in a check.
        records: the sessions.
        now: the time of day, aware.
    """
    found = _authentication(expectations, facts) if facts else []
    if expectations.certificate_days is not None:
        found += _certificates(timedelta(days=expectations.certificate_days), records, now)
    if expectations.quota_percent is not None:
        found += _quota(expectations.quota_percent, records)
    return tuple(found)


def judge(conclusion: Conclusion, shortfalls: Sequence[Shortfall]) -> Conclusion:
    """A trip that would be green is a warning when something falls short; any other verdict goes before that."""
    if conclusion.status is not StatusCode.OK or not shortfalls:
        return conclusion
    return replace(conclusion, status=shortfalls[0].status, step=shortfalls[0].step)


def _authentication(expectations: Expectations, facts: MessageFacts) -> list[Shortfall]:
    found = facts.authentication
    wanted = [
        ("SPF", expectations.spf, found.spf),
        ("DKIM", expectations.dkim, found.dkim),
        ("DMARC", expectations.dmarc, found.dmarc),
    ]
    return [
        Shortfall(StatusCode.AUTHENTICATION, Step.FETCH, f"{method} {_said(result)}")
        for method, is_expected, result in wanted
        if is_expected and (result is None or result.result != "pass")
    ]


def _said(result: AuthenticationResult | None) -> str:
    if result is None:
        return "was not reported by the receiving server"
    reason = f" ({result.reason})" if result.reason else ""
    return f'did not pass: "{result.result}"{reason}'


def _certificates(margin: timedelta, records: Sequence[SessionRecord], now: datetime) -> list[Shortfall]:
    found: dict[str, Shortfall] = {}
    for record in records:
        ends = record.tls.not_after if record.tls else None
        if ends is not None and ends - now < margin:
            days = max(0, (ends - now).days)
            text = f"the certificate of {record.server} expires in {days} days, on {ends:%Y-%m-%d}"
            step = Step.TLS if record.protocol is MailProtocol.SMTP else Step.MAILBOX_TLS
            found[record.server] = Shortfall(StatusCode.CERTIFICATE, step, text)
    return list(found.values())


def _quota(percent: int, records: Sequence[SessionRecord]) -> list[Shortfall]:
    return [
        Shortfall(StatusCode.MAILBOX_FILLING, Step.MAILBOX_OPEN, f"the mailbox is {record.quota_percent} % full")
        for record in records
        if record.quota_percent is not None and record.quota_percent >= percent
    ]
