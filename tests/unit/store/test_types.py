"""How values are kept in columns."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from mailtrip.model import Direction, MailProtocol, MonitorSettings, SessionRecord, TranscriptLine
from mailtrip.store.codec import decode_transcripts, encode_transcripts, storable
from mailtrip.store.schema import monitors
from mailtrip.store.types import Duration, UTCDateTime

SQLITE = sqlite.dialect()
POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_kept_to_the_microsecond(time: datetime) -> None:
    kind = UTCDateTime()
    assert kind.process_result_value(kind.process_bind_param(time, SQLITE), SQLITE) == time


def test_a_time_of_another_zone_is_kept_in_utc() -> None:
    kind = UTCDateTime()
    time = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    for dialect in (SQLITE, POSTGRESQL):
        read = kind.process_result_value(kind.process_bind_param(time, dialect), dialect)
        assert read == time
        assert read is not None
        assert read.tzinfo is UTC


def test_a_time_without_a_zone_is_our_own_bug() -> None:
    with pytest.raises(ValueError, match="aware and in UTC"):
        UTCDateTime().process_bind_param(datetime(2026, 3, 1), SQLITE)  # noqa: DTZ001  # what is to be refused


@given(st.timedeltas())
def test_a_duration_is_kept_to_the_microsecond(duration: timedelta) -> None:
    kind = Duration()
    assert kind.process_result_value(kind.process_bind_param(duration, SQLITE), SQLITE) == duration


@given(st.lists(st.lists(st.text()), max_size=3))
def test_transcripts_are_read_as_they_were_written(texts: list[list[str]]) -> None:
    sessions = [
        SessionRecord(
            protocol=MailProtocol.IMAP,
            server="imap://x:143",
            address=None,
            tls=None,
            transcript=tuple(TranscriptLine(timedelta(seconds=1), Direction.SENT, text) for text in lines),
        )
        for lines in texts
    ]
    assert decode_transcripts(encode_transcripts(sessions)) == [session.transcript for session in sessions]


@given(st.none() | st.text(), st.integers(1, 20))
def test_text_that_is_storable_is_valid_unicode_without_nul_and_short(text: str | None, limit: int) -> None:
    stored = storable(text, limit)
    if stored is None:
        assert text is None
    else:
        assert "\0" not in stored
        assert len(stored) <= limit
        assert stored.encode("utf-8", "strict").decode() == stored


def test_each_setting_has_a_column() -> None:
    assert {item.name for item in fields(MonitorSettings)} <= set(monitors.c.keys())
