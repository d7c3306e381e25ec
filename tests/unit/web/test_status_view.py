"""A status page in words: never better than it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtrip.model.status_page import IncidentState, IncidentUpdate
from mailtrip.service.overview import MonitorState
from mailtrip.service.public_status import PublicDay, PublicEntry, PublicIncident, PublicOutage, PublicStatus
from mailtrip.web.status_view import bar_of, groups_of, headline, history_of, told

NOW = datetime(2026, 3, 3, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)
NOTHING = PublicStatus(
    key="k",
    slug="s",
    title="Mail",
    text=None,
    logo=None,
    entries=(),
    incidents=(),
    outages=(),
    is_complete=True,
    made_at=NOW,
)
OK, WARN, BAD, NONE, OFF = (
    MonitorState.WORKING,
    MonitorState.WARNING,
    MonitorState.FAILING,
    MonitorState.NO_DATA,
    MonitorState.PAUSED,
)


def entry(state: MonitorState, *, group: str | None = None, name: str = "Mail") -> PublicEntry:
    return PublicEntry(name=name, group=group, state=state, days=(), availability=None)


def incident(*, began: datetime = NOW, resolved: datetime | None = None) -> PublicIncident:
    note = IncidentUpdate(key="n", at=began, state=IncidentState.INVESTIGATING, text="We look.")
    return PublicIncident(key="i", title="Slow", began_at=began, resolved_at=resolved, names=(), updates=(note,))


def outage(begin: datetime, end: datetime | None) -> PublicOutage:
    return PublicOutage(key="o", name="Mail", begin=begin, end=end)


@pytest.mark.parametrize(
    ("states", "has_incident", "state", "text"),
    [
        ([], False, NONE, "No data"),
        ([OFF], False, NONE, "No data"),
        ([NONE, NONE], False, NONE, "No data"),
        ([OK, OFF], False, OK, "All is working"),
        ([OK, NONE], False, NONE, "1 of 2 working, no data of the others"),
        ([OK, OK], True, WARN, "There is an open incident"),
        ([OK, WARN, NONE], False, WARN, "1 of 3 degraded"),
        ([OK, WARN, BAD, OFF], True, BAD, "1 of 3 not working"),
        ([BAD], False, BAD, "1 of 1 not working"),
        ([BAD, BAD], False, BAD, "Nothing of this works"),
    ],
)
def test_the_headline_tells_the_worst(
    states: list[MonitorState], state: MonitorState, text: str, *, has_incident: bool
) -> None:
    told_of = (incident(),) if has_incident else (incident(resolved=NOW),)
    status = replace(NOTHING, entries=tuple(map(entry, states)), incidents=told_of)

    assert headline(status) == (state, text)


def test_entries_stand_together_by_group_in_their_order() -> None:
    entries = [entry(OK, group="B", name="1"), entry(OK, name="2"), entry(BAD, group="B", name="3")]
    found = [(group, [(row.entry.name, row.state) for row in rows]) for group, rows in groups_of(entries)]

    assert found == [("B", [("1", "Working"), ("3", "Not working")]), (None, [("2", "Working")])]


def test_a_bar_is_low_where_there_are_no_data() -> None:
    shares = (None, 1.0, 0.995, 0.5, 0.1)
    bar = bar_of([PublicDay(day=NOW.date(), availability=share) for share in shares])

    assert bar.paths["none"] == "M0 20h6v10h-6z"  # type: ignore[index]  # a level is a word
    assert bar.paths["whole"] == "M8 0h6v30h-6z"  # type: ignore[index]  # as above
    assert bar.text == (
        "Last 5 days: 1 day without a failure, 1 day with few failures, 1 day with failures, "
        "1 day not working most of the time, 1 day without data"
    )


def test_the_history_has_what_began_on_each_day_and_what_began_before_with_the_first() -> None:
    past, longer = incident(began=NOW - DAY, resolved=NOW), incident(began=NOW - 40 * DAY, resolved=NOW)
    short, long = outage(NOW - 2 * DAY, NOW - 2 * DAY + timedelta(minutes=5)), outage(NOW - 30 * DAY, None)
    days = history_of(replace(NOTHING, incidents=(incident(), past, longer), outages=(short, long)))

    assert [day.day for day in days] == [NOW.date() - back * DAY for back in range(14)]
    assert {place: day.incidents for place, day in enumerate(days) if day.incidents} == {1: (past,), 13: (longer,)}
    found = {place: [(row.outage, row.lasted) for row in day.outages] for place, day in enumerate(days) if day.outages}
    assert found == {2: [(short, "5 min 00 s")], 13: [(long, None)]}


def test_a_day_without_data_is_not_told_to_be_good() -> None:
    measured = (PublicDay(day=NOW.date(), availability=1.0), PublicDay(day=NOW.date() - DAY, availability=None))
    days = history_of(replace(NOTHING, entries=(replace(entry(OK), days=measured),)))

    assert [day.has_data for day in days] == [True, *[False] * 13]


def test_an_outage_that_goes_on_is_not_told_to_be_over() -> None:
    assert told(outage(NOW, None)) == "Mail: checks fail since 03 Mar 10:30 UTC"
    assert told(outage(NOW, NOW + timedelta(hours=1))) == "Mail: checks failed for 1 h 00 min"
