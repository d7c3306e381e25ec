"""A monitor as its page shows it: its settings, its runs, what is asked for. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from mailtrip.model import LatestRun, Monitor, MonitorType, Run, Severity, Verdict
from mailtrip.model.words import format_duration, format_period
from mailtrip.reports.outages import Outage
from mailtrip.web.cursors import parse_cursor, write_cursor
from mailtrip.web.run_view import KIND_NAMES, VERDICT_NAMES, headline_of
from mailtrip.web.words import count_of

__all__ = ["PER_PAGE", "OutageRow", "Query", "RunRow", "Span", "row_of", "show_outage", "show_settings", "verdict_now"]

PER_PAGE: Final = 25


class Span(StrEnum):
    """What the chart shows, up to now."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    @property
    def length(self) -> timedelta:
        return _LENGTHS[self]

    @property
    def text(self) -> str:
        return _SPAN_NAMES[self]


_LENGTHS: Final = {
    Span.DAY: timedelta(days=1),
    Span.WEEK: timedelta(days=7),
    Span.MONTH: timedelta(days=30),
    Span.YEAR: timedelta(days=365),
}
_SPAN_NAMES: Final = {
    Span.DAY: "24 hours",
    Span.WEEK: "7 days",
    Span.MONTH: "30 days",
    Span.YEAR: "A year",
}
_GOOD: Final = frozenset({Verdict.DELIVERED, Verdict.ANSWERS})


class Only(StrEnum):
    """Which runs are listed."""

    ALL = "all"
    TROUBLE = "trouble"
    """All but those that went well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What of a monitor is asked for.

    Attributes:
        verdicts: only runs with one of these; None for all.
        before: slot and id of the run that the list goes on after.
    """

    span: Span = Span.DAY
    only: str = "all"
    before: tuple[datetime, int] | None = None

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Query":
        """What a page's address asks for; what is wrong in it counts as not given."""
        only = given.get("only", "")
        return cls(
            span=next((span for span in Span if span == given.get("span")), Span.DAY),
            only=only if only in {*Only, *Verdict} else Only.ALL,
            before=parse_cursor(given.get("before", "")),
        )

    @property
    def verdicts(self) -> frozenset[Verdict] | None:
        if self.only == Only.ALL:
            return None
        return frozenset(Verdict) - _GOOD if self.only == Only.TROUBLE else frozenset({Verdict(self.only)})

    def path(self, monitor_id: int, *, span: Span | None = None, after: Run | None = None) -> str:
        """The address of the same page with another span, or with the runs that come after one."""
        values = {
            "span": str(span or self.span),
            "only": self.only,
            "before": "" if after is None else write_cursor(after.slot, after.id),
        }
        usual = {"span": Span.DAY, "only": Only.ALL}
        query = urlencode({name: value for name, value in values.items() if value and value != usual.get(name)})
        place = "#runs" if after is not None else ""
        return f"/monitors/{monitor_id}{'?' if query else ''}{query}{place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list; `severity` is None for one without a result."""

    id: int
    slot: datetime
    severity: Severity | None
    headline: str
    summary: str
    kind: str | None


def row_of(run: Run) -> RunRow:
    """A run in a line."""
    return RunRow(
        id=run.id,
        slot=run.slot,
        severity=run.severity,
        headline=headline_of(run),
        summary=run.result.summary if run.result else run.note or "",
        kind=None if run.kind == "scheduled" else KIND_NAMES[run.kind],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRow:
    """An outage in words; `end` is None while it goes on."""

    begin: datetime
    end: datetime | None
    cause: str
    length: str
    failures: str


def show_outage(outage: Outage) -> OutageRow:
    """From the first failed run to the next good one."""
    return OutageRow(
        begin=outage.begin,
        end=outage.end,
        cause=outage.status.text,
        length="goes on" if outage.duration is None else format_duration(outage.duration),
        failures=count_of(outage.failures, "failed run"),
    )


def verdict_now(run: LatestRun | None) -> str:
    """The newest verdict in a few words."""
    if run is None:
        return "No run has finished yet"
    took = run.delay or run.seen_after
    name = VERDICT_NAMES[run.verdict]
    if run.severity is Severity.OK and took is not None:
        return f"{name} in {format_duration(max(took, timedelta(0)))}"
    return name if run.status.severity is Severity.OK else f"{name} – {run.status.text}"


def show_settings(monitor: Monitor, locations: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    """The settings by name, in words; of passwords, whether they are set."""
    return tuple((name, value) for name, value in _settings(monitor, locations) if value)


_TYPE_NAMES: Final = {
    MonitorType.ROUND_TRIP: "round trip: a message is sent and its arrival watched",
    MonitorType.SMTP: "check of an SMTP server",
    MonitorType.POP3: "check of a POP3 server",
    MonitorType.IMAP: "check of an IMAP server",
}


def _settings(monitor: Monitor, locations: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    settings = monitor.settings
    yield "Type", _TYPE_NAMES[settings.type]
    yield "Mailbox address", settings.email
    yield "Sender", settings.sender or ""
    yield from _servers(monitor)
    yield "Every", format_period(settings.interval)
    yield "Timeout", format_period(settings.run_timeout)
    yield "Slow from", "" if settings.warning_time is None else format_period(settings.warning_time)
    yield "Verify errors at once", _yes(settings.local_retry)
    yield "Alerts", "on" if settings.notify_on_error else "off"
    yield "Locations", ", ".join(locations.get(each, str(each)) for each in settings.location_ids)
    yield "Mode", str(settings.mode) if len(settings.location_ids) > 1 else ""
    yield "Also looked into", ", ".join(settings.folders)
    yield "Expected", ", ".join(_expected(monitor))
    yield "Certificates", f"warn {settings.certificate_days} days before they end" if settings.certificate_days else ""
    yield "Tags", ", ".join(settings.tags)
    yield "Note", settings.note or ""
    yield "Note in alerts", settings.alert_note or ""


def _servers(monitor: Monitor) -> Iterator[tuple[str, str]]:
    settings = monitor.settings
    if settings.smtp_server:
        yield "SMTP server", settings.smtp_server
        yield "SMTP TLS", str(settings.smtp_tls)
        yield "SMTP login", _login(settings.smtp_username, has_password=monitor.has_smtp_password)
    if settings.mailbox_server:
        yield "Mailbox server", settings.mailbox_server
        yield "Mailbox TLS", str(settings.mailbox_tls)
        yield "Mailbox login", _login(settings.username or settings.email, has_password=monitor.has_password)
    if not settings.tls_verify:
        yield "Certificates are", "not verified"
    if settings.tls_ca:
        yield "Trusted CAs", "of its own"


def _login(username: str | None, *, has_password: bool) -> str:
    if not username:
        return "none"
    return f"{username}, password {'set' if has_password else 'not set'}"


def _expected(monitor: Monitor) -> Iterator[str]:
    settings = monitor.settings
    wanted = (("SPF", settings.expect_spf), ("DKIM", settings.expect_dkim), ("DMARC", settings.expect_dmarc))
    yield from (f"{name} passes" for name, is_expected in wanted if is_expected)
    yield from settings.capabilities


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
