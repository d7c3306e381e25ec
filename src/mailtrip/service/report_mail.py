"""A report as a mail: text, HTML and the PDF."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from mailtrip.model.tally import Counts
from mailtrip.model.words import format_duration, percent
from mailtrip.service.monthly_reports import FilledReport

__all__ = ["ReportMail"]

_MOST_MONITORS: Final = 20
_LONGEST: Final = 200

_Fact = tuple[str, str, str]
"""A name, a value, and that of the month before; empty where it is not told."""


class ReportMail:
    """Makes the mails of monthly reports.

    Args:
        sender: the address that they come from.
        public_url: the service's address, for a link; None for none.
    """

    def __init__(self, *, sender: str, public_url: str | None) -> None:
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        source = (Path(__file__).parent / "report_mail.html").read_text(encoding="utf-8")
        self._template = environment.from_string(source)
        self._sender = sender
        self._public_url = public_url

    def compose(self, filled: FilledReport, pdf: bytes, *, now: datetime) -> bytes:
        """The message with CRLF line ends; its Message-ID is the same in all attempts."""
        report, document, recipient = filled.report, filled.document, filled.address
        month = f"{document.since.astimezone(document.zone):%B %Y}"
        account = _line(document.account_name)
        title = f"Mail delivery in {month}: {_available(filled)}"
        message = EmailMessage(policy=SMTP.clone(utf8=not (self._sender + recipient).isascii()))
        message["Date"] = format_datetime(now)
        message["From"] = Address(display_name="Mailtrip", addr_spec=self._sender)
        message["To"] = recipient
        message["Subject"] = f"{title} ({account})"
        message["Message-ID"] = f"<{report.key}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        facts = _facts(filled)
        rows = [(_line(row.name), percent(row.counts.availability)) for row in document.rows[:_MOST_MONITORS]]
        link = f"{self._public_url.rstrip('/')}/reports?span=last-month" if self._public_url else None
        message.set_content(_text(title, account, facts, rows, link))
        page = self._template.render(
            title=title, account=account, facts=facts, rows=rows, more=len(document.rows) - len(rows), link=link
        )
        message.add_alternative(page, subtype="html")
        message.add_attachment(pdf, "application", "pdf", filename=f"mail-delivery-{report.month}.pdf")
        for number, part in enumerate(each for each in message.walk() if each.is_multipart()):
            part.set_boundary(f"={number}={report.key}")
        return message.as_bytes()


def _available(filled: FilledReport) -> str:
    share = filled.document.total.availability
    return "no data" if share is None else f"{percent(share)} available"


def _facts(filled: FilledReport) -> list[_Fact]:
    now = filled.document
    return [
        ("Monitors", f"{len(now.rows):,}", ""),
        ("Availability", percent(now.total.availability), percent(now.total_before.availability)),
        ("Outages", _number(len(now.outages), now.total), _number(now.outages_before, now.total_before)),
        ("Median response time", _time(now.times.p50), _time(now.times_before.p50)),
        ("95 % are within", _time(now.times.p95), _time(now.times_before.p95)),
        ("SLAs missed", f"{sum(each.is_available is False or each.is_quick is False for each, _ in now.slas):,}", ""),
    ]


def _number(outages: int, counts: Counts) -> str:
    return "no data" if counts.availability is None and not outages else f"{outages:,}"


def _time(time: timedelta | None) -> str:
    return "no data" if time is None else format_duration(time)


def _text(title: str, account: str, facts: Sequence[_Fact], rows: Sequence[tuple[str, str]], link: str | None) -> str:
    lines = [title, account, ""]
    lines += [
        f"{name}: {value}" + (f" (the month before: {before})" if before else "") for name, value, before in facts
    ]
    lines += ["", "The least available monitors:", *(f"  {share:>8}  {name}" for name, share in rows)] if rows else []
    lines += ["", "The whole report is attached as PDF."]
    lines += [link] if link else []
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """Without what is no character, or turns the direction of writing round."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:_LONGEST])
