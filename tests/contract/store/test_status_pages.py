"""Status pages and incidents, on every database."""

from datetime import timedelta
from functools import partial

import pytest
from tests.contract.store.builders import ADMIN, NOW, STRANGER, actor, finished, make_monitor, result

from mailtrip import store
from mailtrip.errors import Forbidden, InvalidInput, NotFound
from mailtrip.model import Access, AccountLimits, Actor, MonitorAccess, Role, StatusCode, Verdict
from mailtrip.model.status_page import Incident, IncidentState, StatusEntry, StatusPage
from mailtrip.service import incidents, public_status, status_pages
from mailtrip.service.overview import MonitorState
from mailtrip.service.public_status import PublicStatus
from mailtrip.store import Database

MINUTE = timedelta(minutes=1)


def edit(database: Database, *, who: Actor = ADMIN, **changes: object) -> StatusPage:
    database.write(partial(status_pages.edit, actor=who, changes=changes, now=NOW))
    page = database.read(partial(status_pages.get, actor=who))
    assert page is not None
    return page


def tell(database: Database, *, who: Actor = ADMIN, **fields: object) -> int:
    given = {"title": "Slow", "text": "We look into it."} | fields
    return database.write(lambda connection: incidents.create(connection, who, now=NOW, **given))  # type: ignore[arg-type]


def public(database: Database, page: StatusPage) -> PublicStatus:
    return database.read(partial(public_status.find, slug=page.slug, now=NOW + MINUTE))


def read(database: Database, incident_id: int, *, who: Actor = ADMIN) -> Incident:
    return database.read(partial(incidents.get, actor=who, incident_id=incident_id))


def faults_of(database: Database, **changes: object) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        database.write(partial(status_pages.edit, actor=ADMIN, changes=changes, now=NOW))
    return [fault.field for fault in refused.value.faults]


def test_there_is_no_page_before_it_is_saved_and_then_one_that_is_not_published(database: Database) -> None:
    assert database.read(partial(status_pages.get, actor=ADMIN)) is None
    page = edit(database)

    assert (page.settings.title, page.settings.is_published, page.settings.entries) == ("Status of our mail", False, ())
    with pytest.raises(NotFound):
        public(database, page)


def test_a_change_leaves_all_else_as_it_was_its_address_too(database: Database) -> None:
    ids = [make_monitor(database), make_monitor(database)]
    entries = tuple(StatusEntry(monitor_id=id_, name=f"Mail {id_}", group="All") for id_ in reversed(ids))
    first = edit(database, entries=entries, text="Hello\nworld")
    second = edit(database, title="Other")

    assert second.settings.entries == entries
    assert (second.settings.text, second.settings.title) == ("Hello\nworld", "Other")
    assert (second.slug, second.key, second.entry_keys) == (first.slug, first.key, first.entry_keys)
    third = edit(database, text=None, entries=entries[1:], title=None)
    assert (third.settings.title, third.settings.text) == ("Status of our mail", None)
    assert third.entry_keys == {ids[0]: first.entry_keys[ids[0]]}


def test_all_that_is_wrong_is_told(database: Database) -> None:
    entry = StatusEntry(monitor_id=make_monitor(database), name="Mail")
    assert faults_of(database, title="", text="x" * 2001, entries=(entry, entry), logo=b"x") == [
        "title",
        "text",
        "entries",
        "logo",
    ]
    assert faults_of(database, entries=(StatusEntry(monitor_id=1, name="a\nb", group=" "),)) == ["entries"] * 3
    assert faults_of(database, entries=(entry,) * 101) == ["entries", "entries"]


def test_monitors_of_others_can_not_be_shown(database: Database) -> None:
    database.write(partial(store.accounts.insert, name="Other", limits=AccountLimits(), now=NOW))
    entries = (StatusEntry(monitor_id=make_monitor(database), name="Mail"),)
    with pytest.raises(InvalidInput, match="there is no monitor"):
        edit(database, who=STRANGER, entries=entries)


@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
def test_who_may_not_edit_changes_nothing(database: Database, role: Role) -> None:
    incident_id = tell(database)
    who = actor(role)
    for work in (
        partial(status_pages.edit, actor=who, changes={}, now=NOW),
        partial(status_pages.renew, actor=who, now=NOW),
        partial(incidents.create, actor=who, title="x", text="x", now=NOW),
        partial(incidents.edit, actor=who, incident_id=incident_id, changes={}, now=NOW),
        partial(incidents.add_update, actor=who, incident_id=incident_id, text="x", now=NOW),
        partial(incidents.remove, actor=who, incident_id=incident_id, now=NOW),
    ):
        with pytest.raises(Forbidden):
            database.write(work)


def test_who_sees_some_monitors_only_changes_nothing_and_sees_those_entries_only(database: Database) -> None:
    ids = [make_monitor(database), make_monitor(database)]
    edit(database, entries=tuple(StatusEntry(monitor_id=id_, name="Mail") for id_ in ids))
    incident_id = tell(database, monitor_ids=ids)
    access = MonitorAccess(default=Access.EDIT, none=frozenset({ids[0]}))
    limited = Actor(account_id=1, role=Role.POWER_USER, user_id=5, access=access)

    page = database.read(partial(status_pages.get, actor=limited))
    assert page is not None
    assert [entry.monitor_id for entry in page.settings.entries] == ids[1:]
    assert read(database, incident_id, who=limited).monitor_ids == (ids[1],)
    with pytest.raises(Forbidden):
        edit(database, who=limited)


def test_an_incident_is_open_until_it_is_resolved_and_again_after_another_note(database: Database) -> None:
    incident_id = tell(database, began_at=NOW - MINUTE)
    add = partial(incidents.add_update, actor=ADMIN, incident_id=incident_id)
    database.write(partial(add, text="Over.", state=IncidentState.RESOLVED, now=NOW + MINUTE))
    resolved = read(database, incident_id)
    database.write(partial(add, text="Again.", state=IncidentState.IDENTIFIED, now=NOW + 2 * MINUTE))
    database.write(partial(add, text="Still.", now=NOW + 3 * MINUTE))
    again = read(database, incident_id)

    assert (resolved.state, resolved.resolved_at) == (IncidentState.RESOLVED, NOW + MINUTE)
    assert (again.state, again.resolved_at) == (IncidentState.IDENTIFIED, None)
    assert [note.text for note in again.updates] == ["We look into it.", "Over.", "Again.", "Still."]


def test_an_incident_is_changed_and_removed_by_its_own_account_only(database: Database) -> None:
    incident_id = tell(database)
    change = partial(incidents.edit, incident_id=incident_id, changes={"title": "Slower"}, now=NOW)
    with pytest.raises(NotFound):
        database.write(partial(change, actor=STRANGER))
    database.write(partial(change, actor=ADMIN))
    assert read(database, incident_id).title == "Slower"
    with pytest.raises(InvalidInput, match="not in the future"):
        database.write(partial(change, actor=ADMIN, changes={"began_at": NOW + MINUTE}))

    database.write(partial(incidents.remove, actor=ADMIN, incident_id=incident_id, now=NOW))
    with pytest.raises(NotFound):
        read(database, incident_id)


def test_incidents_are_listed_by_pages(database: Database) -> None:
    ids = [tell(database, title=f"No. {number}") for number in range(3)]
    first = database.read(partial(incidents.page, actor=ADMIN, limit=2))
    second = database.read(partial(incidents.page, actor=ADMIN, limit=2, before=first[-1].id))

    assert [each.id for each in first + second] == ids[::-1]


def test_the_public_sees_how_things_stand_and_stood(database: Database) -> None:
    good, bad = make_monitor(database), make_monitor(database)
    failure = result(StatusCode.MAILBOX_LOGIN, Verdict.UNSENT)
    finished(database, good, slot=NOW)
    for minutes, outcome in ((40, failure), (30, failure), (20, None), (5, failure), (0, failure)):
        finished(database, bad, outcome, slot=NOW - minutes * MINUTE)
    entries = (StatusEntry(monitor_id=good, name="Good"), StatusEntry(monitor_id=bad, name="Bad"))
    page = edit(database, entries=entries, is_published=True)
    tell(database, monitor_ids=[bad])
    status = public(database, page)

    assert [(each.name, each.state, each.availability) for each in status.entries] == [
        ("Good", MonitorState.WORKING, 1.0),
        ("Bad", MonitorState.FAILING, 0.2),
    ]
    assert [len(each.days) for each in status.entries] == [90, 90]
    assert [day.availability for day in status.entries[1].days[-2:]] == [None, 0.2]
    assert status.outages is not None
    second = NOW.replace(microsecond=0)
    assert [(each.name, each.begin, each.end) for each in status.outages] == [
        ("Bad", second - 5 * MINUTE, None),
        ("Bad", second - 40 * MINUTE, second - 20 * MINUTE),
    ]
    assert [(each.title, each.names) for each in status.incidents] == [("Slow", ("Bad",))]
