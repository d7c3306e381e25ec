"""Monthly reports by mail: once for each recipient and month, through a real relay, whatever the clock does."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.contract.store.builders import ADMIN, KEYS, finished, make_monitor, result
from tests.contract.store.test_alerts import make_recipient

from mailtrip.bootstrap.monthly_reports import open_monthly_reports
from mailtrip.bootstrap.storage import Storage
from mailtrip.config import Settings, load
from mailtrip.errors import InvalidInput
from mailtrip.model import AlertMethod, StatusCode, Verdict, WeeklyWindow, WeekTime
from mailtrip.service import monthly_reports, recipients
from mailtrip.store import Database
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.server import LoopbackServer

TEAM = "team@probe.test"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(month: int, day: int, hour: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def make_reader(database: Database, **fields: object) -> int:
    """A recipient that wants monthly reports."""
    given = {"method": AlertMethod.EMAIL_TEXT, "address": TEAM, "username": None, "monthly_report": True}
    return database.write(
        lambda connection: recipients.create(
            connection, ADMIN, given | fields, password=None, secrets=KEYS, now=at(1, 1)
        )
    )


@pytest.fixture
async def relay() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer({TEAM: "secret"}, only=["smtp"]) as server:
        yield server


@pytest.fixture
def settings(relay: LoopbackServer, tmp_path: Path) -> Settings:
    options = {
        "data_dir": str(tmp_path),
        "alert_relay": relay.url("smtp"),
        "alert_sender": "reports@probe.test",
        "public_url": "https://mailtrip.probe.test/",
    }
    return load(options=options, environ={}).settings


async def look(database: Database, settings: Settings, *moments: datetime) -> None:
    """What a process does that is started anew at each of these times."""
    for moment in moments:
        clock = FakeClock(moment)
        async with open_monthly_reports(settings, Storage(database=database, key_ring=KEYS), clock=clock) as reports:
            assert reports is not None
            await database.writing(monthly_reports.release)
            await reports.look()


def mails(relay: LoopbackServer) -> list[EmailMessage]:
    found = [message.content for message in relay.mailbox(TEAM).messages]
    return [message_from_bytes(content, _class=EmailMessage, policy=policy.default) for content in found]


async def test_a_report_is_text_and_html_and_pdf_with_the_figures_of_the_month(
    database: Database, relay: LoopbackServer, settings: Settings
) -> None:
    make_reader(database)
    orders = make_monitor(database, name="Orders <b>\u202e")
    for slot in (at(2, 1), at(2, 28, 23), at(3, 1)):
        finished(database, orders, slot=slot)
    finished(database, orders, result(StatusCode.SMTP_LOGIN, Verdict.REFUSED), slot=at(2, 2))

    await look(database, settings, at(3, 1, 6))

    (mail,) = mails(relay)
    assert mail["Subject"].startswith("Mail delivery in February 2026: 66.6 % available (")
    assert mail["To"] == TEAM
    assert mail["Message-ID"].endswith("@probe.test>")
    text, page, pdf = (part for part in mail.walk() if not part.is_multipart())
    assert "Availability: 66.6 % (the month before: no data)" in text.get_content()
    assert "Outages: 1 " in text.get_content()
    assert "Orders &lt;b&gt;" in page.get_content()
    assert "https://mailtrip.probe.test/reports?span=last-month" in page.get_content()
    assert pdf.get_filename() == "mail-delivery-2026-02.pdf"
    assert io.BytesIO(pdf.get_content()).read(5) == b"%PDF-"


async def test_there_is_one_report_of_a_month_whatever_the_clock_does_and_however_often_it_is_started(
    database: Database, relay: LoopbackServer, settings: Settings
) -> None:
    make_reader(database)
    begin = at(2, 28)

    await look(database, settings, *(begin + number * 5 * HOUR for number in range(40)))
    await look(database, settings, at(3, 1, 6), at(2, 20), at(3, 2), at(3, 1, 6), at(12, 24), at(3, 3))

    assert [mail["Subject"].split(":")[0] for mail in mails(relay)] == ["Mail delivery in February 2026"]


@pytest.mark.parametrize(
    ("moment", "months"),
    [
        (at(3, 1, 5), []),
        (at(3, 1, 6), ["February"]),
        (at(3, 7, 23), ["February"]),
        (at(3, 8), []),
        (at(12, 24, year=2031), []),
    ],
)
async def test_a_month_that_was_missed_is_told_until_the_seventh_and_not_years_later(
    database: Database, relay: LoopbackServer, settings: Settings, moment: datetime, months: list[str]
) -> None:
    make_reader(database)

    await look(database, settings, moment)

    assert [mail["Subject"].split()[3] for mail in mails(relay)] == months


async def test_the_month_is_that_of_the_recipients_zone_and_waits_for_the_end_of_quiet_hours(
    database: Database, relay: LoopbackServer, settings: Settings
) -> None:
    # 1 March 2026 is a Sunday.
    quiet = (WeeklyWindow(start=WeekTime(day=1, time=time(0)), end=WeekTime(day=1, time=time(9))),)
    make_reader(database, time_zone="Asia/Tokyo", quiet_hours=quiet)
    monitor_id = make_monitor(database)
    finished(database, monitor_id, slot=at(1, 31, 15))
    finished(database, monitor_id, result(StatusCode.SMTP_LOGIN, Verdict.REFUSED), slot=at(1, 31, 14))

    await look(database, settings, at(2, 28, 22), at(2, 28, 23))
    assert mails(relay) == []
    await look(database, settings, at(3, 1, 0))

    (mail,) = mails(relay)
    assert mail["Subject"].startswith("Mail delivery in February 2026: 100 % available")


async def test_no_data_is_told_as_no_data(database: Database, relay: LoopbackServer, settings: Settings) -> None:
    make_reader(database)

    await look(database, settings, at(3, 1, 6))

    (mail,) = mails(relay)
    assert mail["Subject"].startswith("Mail delivery in February 2026: no data")


async def test_nobody_gets_what_was_not_asked_for(
    database: Database, relay: LoopbackServer, settings: Settings
) -> None:
    make_reader(database, monthly_report=False)

    await look(database, settings, at(3, 1, 6))

    assert mails(relay) == []


async def test_a_relay_that_is_away_is_tried_again_with_the_same_message_id_for_a_day(
    database: Database, relay: LoopbackServer, settings: Settings
) -> None:
    make_reader(database)
    away = replace(settings, alert_relay="smtp://127.0.0.1:9")

    await look(database, away, at(3, 1, 6), at(3, 1, 7))
    await look(database, settings, at(3, 1, 7), at(3, 1, 9), at(3, 1, 10))

    assert len(mails(relay)) == 1

    await look(database, away, at(4, 1, 6), at(4, 2, 7))
    await look(database, settings, at(4, 2, 9), at(4, 3))

    assert len(mails(relay)) == 1


async def test_what_a_dead_process_was_sending_is_sent_by_the_next(
    database: Database, relay: LoopbackServer, settings: Settings
) -> None:
    make_reader(database)
    database.write(lambda connection: monthly_reports.plan_due(connection, now=at(3, 1, 6)))
    claimed = database.write(lambda connection: monthly_reports.claim(connection, now=at(3, 1, 6)))
    assert claimed is not None

    await look(database, settings, at(3, 20))

    (mail,) = mails(relay)
    assert mail["Message-ID"] == f"<{claimed.key}@probe.test>"


def test_only_recipients_that_are_told_by_mail_can_want_it(database: Database) -> None:
    with pytest.raises(InvalidInput, match="monthly_report"):
        make_recipient(database, monthly_report=True)
