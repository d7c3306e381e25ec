"""Reports as PDF: names of any kind, many monitors, nothing measured."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailtrip.model import StatusCode
from mailtrip.model.tally import Counts, Size
from mailtrip.reports.outages import Outage
from mailtrip.service import report_pdf
from mailtrip.service.report_document import MonitorRow, ReportDocument
from mailtrip.service.report_figures import Bucket, Percentiles

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
SINCE = datetime(2026, 1, 31, 23, tzinfo=UTC)
UNTIL = datetime(2026, 2, 28, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TIMES = Percentiles(total=9, p50=SECOND, p90=SECOND, p95=2 * SECOND, p99=3 * SECOND)
NO_TIMES = Percentiles(total=0, p50=None, p90=None, p95=None, p99=None)
HOSTILE = [
    "",
    "\x00\x1b[31m\r\n",
    "x" * 100_000,
    "W" * 300,
    "שלום עולם 12 (a)",
    "مرحبا بالعالم",
    "\N{ROCKET}\N{BALLOON} emoji",
    "\u90ae\u4ef6\u76d1\u63a7",
    "\ud800 lone",
    "a\u202egnp.exe",
    "**bold** __x__ (\\) <</JS>>",
]


def document(names: list[str], *, days: int = 28, outages: int = 0, measured: bool = True) -> ReportDocument:
    counts, times = (Counts(ok=99, error=1), TIMES) if measured else (Counts(), NO_TIMES)
    return ReportDocument(
        account_name=names[-1] if names else "Example",
        since=SINCE,
        until=UNTIL,
        before=SINCE - timedelta(days=31),
        zone=ZoneInfo("Europe/Berlin"),
        size=Size.DAY,
        is_complete=measured,
        total=counts,
        total_before=Counts(),
        times=times,
        times_before=NO_TIMES,
        buckets=tuple(
            Bucket(since=SINCE + timedelta(days=day), until=SINCE + timedelta(days=day + 1), counts=counts)
            for day in range(days)
        ),
        rows=tuple(
            MonitorRow(
                id=number,
                name=name,
                counts=counts,
                before=Counts(),
                times=times,
                times_before=NO_TIMES,
                outages=1,
            )
            for number, name in enumerate(names)
        ),
        outages=tuple(
            Outage(
                monitor_id=number % len(names),
                location_id=number % 2,
                begin=SINCE + timedelta(hours=number),
                end=None if number == 0 else SINCE + timedelta(hours=number, minutes=5),
                status=StatusCode.SMTP_LOGIN,
                failures=1,
            )
            for number in range(outages)
        ),
        outages_before=0,
        slas=(),
        names=dict(enumerate(names)),
        locations={0: names[0], 1: names[-1]} if outages else {},
    )


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", content))


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_drawn(name: str) -> None:
    content = report_pdf.draw(document([name], outages=3), made_at=NOW)

    assert content.startswith(b"%PDF-")
    assert pages(content) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_drawn_where_the_fonts_were_not_built(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(report_pdf, "_FONTS", tmp_path)

    content = report_pdf.draw(document([name], outages=3), made_at=NOW)

    assert pages(content) == 1
    assert b"/Helvetica" in content


def test_a_report_is_bounded_however_many_monitors_and_outages_there_are() -> None:
    most = report_pdf.draw(document(["x"] * 1000, outages=200), made_at=NOW)
    more = report_pdf.draw(document(["x"] * 2000, outages=2000), made_at=NOW)

    assert pages(more) == pages(most)


def test_nothing_measured_is_a_report_too() -> None:
    assert pages(report_pdf.draw(document([], days=0, measured=False), made_at=NOW)) == 1


def test_the_same_report_is_the_same_file() -> None:
    assert report_pdf.draw(document(["x"]), made_at=NOW) == report_pdf.draw(document(["x"]), made_at=NOW)
