"""Monitors are kept as they were given, and every rule is held."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from tests.contract.store.builders import (
    ADMIN,
    FIELDS,
    KEYS,
    NOW,
    STRANGER,
    actor,
    claimed,
    finished,
    make_monitor,
    result,
)

from mailtrip.errors import Forbidden, InvalidInput, NotFound
from mailtrip.model import (
    CustomProperty,
    MailProtocol,
    Mechanism,
    Mode,
    Monitor,
    MonitorSettings,
    MonitorType,
    Role,
    StatusCode,
    TLSMode,
    Verdict,
)
from mailtrip.service import monitors
from mailtrip.service.monitors import Passwords
from mailtrip.store import Database

LATER = NOW + timedelta(hours=1)
ROUND_TRIP = MonitorType.ROUND_TRIP


def read(database: Database, monitor_id: int) -> Monitor:
    return database.read(lambda connection: monitors.get(connection, ADMIN, monitor_id))


def edit(database: Database, monitor_id: int, passwords: Passwords | None = None, **fields: object) -> int:
    return database.write(
        lambda connection: monitors.edit(
            connection,
            ADMIN,
            monitor_id,
            fields,
            type=ROUND_TRIP,
            passwords=passwords or Passwords(),
            secrets=KEYS,
            now=LATER,
        )
    )


def page_of(database: Database, types: list[MonitorType]) -> tuple[list[Monitor], int]:
    return database.read(lambda connection: monitors.page(connection, ADMIN, types=types))


def faults(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        call()
    return {fault.field: fault.text for fault in caught.value.faults}


def test_a_monitor_is_read_as_it_was_made(database: Database) -> None:
    monitor_id = make_monitor(database)
    assert read(database, monitor_id) == Monitor(
        id=monitor_id,
        account_id=1,
        settings=MonitorSettings(**FIELDS),
        has_password=False,
        has_smtp_password=False,
        created_at=NOW,
        modified_at=NOW,
        revision=1,
    )


def test_every_setting_is_kept(database: Database) -> None:
    database.write(
        lambda connection: connection.execute(
            text("INSERT INTO locations (id, account_id, name) VALUES (20, 1, 'Berlin')")
        )
    )
    settings = MonitorSettings(
        name="Ünïcode 😀",
        plan_code="UBM-A/A",
        email="grüße@bücher.test",
        smtp_server="smtp.probe.test:587",
        smtp_tls=TLSMode.STARTTLS,
        smtp_username="relay",
        smtp_mechanism=Mechanism.CRAM_MD5,
        mailbox_protocol=MailProtocol.IMAP,
        mailbox_server="imap://[2001:db8::1]:143",
        mailbox_tls=TLSMode.NONE,
        username="reader",
        mailbox_mechanism=Mechanism.SCRAM_SHA_256,
        sender="from@probe.test",
        tls_verify=False,
        interval=timedelta(minutes=5),
        timeout=timedelta(seconds=60),
        warning_time=timedelta(seconds=2.5),
        enabled=False,
        notify_on_error=False,
        local_retry=False,
        location_ids=(20, 10),
        home_location_id=10,
        mode=Mode.GLOBAL_VERIFY,
        locations_per_run=1,
        rotate_locations=True,
        note="first\nsecond",
        alert_note="call\tme",
        custom_properties=(CustomProperty(id=228, name="Environment", value="Development", value_id=550),),
    )
    fields: dict[str, Any] = {name: getattr(settings, name) for name in settings.__slots__}  # Any: of many types
    monitor_id = make_monitor(database, Passwords(mailbox="geheim", smtp="auch"), **fields)
    monitor = read(database, monitor_id)
    assert (monitor.settings, monitor.has_password, monitor.has_smtp_password) == (settings, True, True)


def test_a_change_leaves_what_it_does_not_name(database: Database) -> None:
    monitor_id = make_monitor(database, Passwords(mailbox="geheim"), note="keep me")
    before = read(database, monitor_id)
    assert edit(database, monitor_id, interval=timedelta(minutes=5)) == monitor_id
    after = read(database, monitor_id)
    assert after.settings.interval == timedelta(minutes=5)
    assert (after.settings.note, after.has_password) == ("keep me", True)
    assert (after.revision, after.created_at, after.modified_at) == (before.revision + 1, NOW, LATER)


def test_none_resets_an_optional_field_to_its_default(database: Database) -> None:
    monitor_id = make_monitor(database, interval=timedelta(minutes=5), tls_verify=False, note="x")
    edit(database, monitor_id, interval=None, tls_verify=None, note=None)
    settings = read(database, monitor_id).settings
    assert (settings.interval, settings.tls_verify, settings.note) == (timedelta(minutes=15), True, None)


def test_a_required_field_cannot_be_reset(database: Database) -> None:
    monitor_id = make_monitor(database)
    assert faults(lambda: edit(database, monitor_id, name=None)) == {"name": "is required; it can't be reset"}


def test_the_server_of_the_other_protocol_is_replaced(database: Database) -> None:
    monitor_id = make_monitor(database)
    edit(database, monitor_id, mailbox_protocol=MailProtocol.IMAP, mailbox_server="imaps://mail.probe.test")
    assert read(database, monitor_id).settings.mailbox.url == "imaps://mail.probe.test:993"


def test_all_faults_are_told_at_once_and_nothing_is_stored(database: Database) -> None:
    wrong: dict[str, Any] = {
        "email": "nobody",
        "smtp_server": "smpt://x",
        "interval": timedelta(minutes=0),
        "location_ids": (11,),
    }  # Any: of many types
    told = faults(lambda: make_monitor(database, Passwords(mailbox="a\nb"), **wrong))
    assert set(told) == {"email", "smtp_server", "interval", "location_ids", "password"}
    assert database.read(lambda connection: monitors.page(connection, ADMIN)) == ([], 0)


def test_each_missing_required_field_is_named_once(database: Database) -> None:
    def create(connection: Connection) -> int:
        return monitors.create(connection, ADMIN, {}, passwords=Passwords(), secrets=KEYS, now=NOW)

    told = faults(lambda: database.write(create))
    assert told == dict.fromkeys(("name", "plan_code", "email", "smtp_server", "mailbox_server"), "is required")


def test_other_faults_are_told_beside_missing_fields(database: Database) -> None:
    def create(connection: Connection) -> int:
        wrong = {"email": "x", "interval": timedelta(minutes=2000)}
        return monitors.create(connection, ADMIN, wrong, passwords=Passwords(), secrets=KEYS, now=NOW)

    told = faults(lambda: database.write(create))
    assert set(told) == {"name", "plan_code", "smtp_server", "mailbox_server", "email", "interval"}


def test_a_wrong_change_is_refused_whole(database: Database) -> None:
    monitor_id = make_monitor(database)
    before = read(database, monitor_id)
    assert set(faults(lambda: edit(database, monitor_id, name="New", timeout=timedelta(seconds=1)))) == {"timeout"}
    assert read(database, monitor_id) == before


def test_a_field_that_a_monitor_does_not_have_is_our_own_bug(database: Database) -> None:
    with pytest.raises(TypeError, match="no field smtp_hostname"):
        make_monitor(database, smtp_hostname="x")


def test_notes_are_cut_as_the_vendor_does(database: Database) -> None:
    settings = read(database, make_monitor(database, note="n" * 300, alert_note="a" * 2000)).settings
    assert (settings.note, settings.alert_note) == ("n" * 255, "a" * 1000)


@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
def test_a_role_that_may_not_edit_is_told_which_may(database: Database, role: Role) -> None:
    monitor_id = make_monitor(database)
    reader = actor(role)
    none = Passwords()
    for verb in (
        lambda connection: monitors.create(connection, reader, FIELDS, passwords=none, secrets=KEYS, now=NOW),
        lambda connection: monitors.edit(
            connection, reader, monitor_id, {}, type=ROUND_TRIP, passwords=none, secrets=KEYS, now=NOW
        ),
        lambda connection: monitors.remove(connection, reader, monitor_id, now=NOW),
    ):
        with pytest.raises(Forbidden, match="Admin, Co-Admin or Power User"):
            database.write(verb)
    assert database.read(lambda connection: monitors.get(connection, reader, monitor_id)).id == monitor_id


def test_another_account_finds_nothing(database: Database) -> None:
    monitor_id = make_monitor(database)
    for verb in (
        lambda connection: monitors.get(connection, STRANGER, monitor_id),
        lambda connection: monitors.remove(connection, STRANGER, monitor_id, now=NOW),
        lambda connection: monitors.edit(
            connection, STRANGER, monitor_id, {}, type=ROUND_TRIP, passwords=Passwords(), secrets=KEYS, now=NOW
        ),
    ):
        with pytest.raises(NotFound):
            database.write(verb)
    assert database.read(lambda connection: monitors.page(connection, STRANGER)) == ([], 0)


def test_a_change_through_another_type_finds_nothing(database: Database) -> None:
    monitor_id = make_monitor(database)
    with pytest.raises(NotFound):
        database.write(
            lambda connection: monitors.edit(
                connection,
                ADMIN,
                monitor_id,
                {},
                type=MonitorType.IMAP,
                passwords=Passwords(),
                secrets=KEYS,
                now=NOW,
            )
        )


@pytest.mark.parametrize("number", [0, -1, 99, 2**31, 2**63, 10**30])
def test_an_id_of_any_size_that_is_not_there_is_not_found(database: Database, number: int) -> None:
    with pytest.raises(NotFound):
        read(database, number)
    assert database.read(lambda connection: monitors.last_statuses(connection, ADMIN, [number])) == {}


def test_pages_are_ordered_by_id_and_count_all_matches(database: Database) -> None:
    ids = [make_monitor(database, name=f"monitor {9 - number}") for number in range(5)]
    page, total = database.read(lambda connection: monitors.page(connection, ADMIN, limit=2, offset=1))
    assert ([monitor.id for monitor in page], total) == (ids[1:3], 5)


def test_a_page_behind_the_end_is_empty(database: Database) -> None:
    make_monitor(database)
    assert database.read(lambda connection: monitors.page(connection, ADMIN, limit=2, offset=10**30)) == ([], 1)


def test_pages_can_be_cut_to_types(database: Database) -> None:
    monitor_id = make_monitor(database)
    page, total = page_of(database, [ROUND_TRIP])
    assert ([monitor.id for monitor in page], total) == ([monitor_id], 1)
    others: list[list[MonitorType]] = [[MonitorType.IMAP], []]
    for types in others:
        assert page_of(database, types) == ([], 0)


def test_a_removed_monitor_is_gone_with_its_secrets(database: Database) -> None:
    monitor_id = make_monitor(database, Passwords(mailbox="geheim"))
    database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=LATER))
    with pytest.raises(NotFound):
        read(database, monitor_id)
    with pytest.raises(NotFound):
        database.write(lambda connection: monitors.remove(connection, ADMIN, monitor_id, now=LATER))
    assert database.read(lambda connection: monitors.page(connection, ADMIN)) == ([], 0)
    kept = database.read(lambda connection: connection.scalars(text("SELECT mailbox_secret FROM monitors")).all())
    assert kept == [None]


def test_an_id_is_never_given_twice(database: Database) -> None:
    first = make_monitor(database)
    database.write(lambda connection: connection.execute(text("DELETE FROM monitors")))
    assert make_monitor(database) == first + 1


def test_passwords_are_stored_sealed(database: Database) -> None:
    make_monitor(database, Passwords(mailbox="geheim-1", smtp="geheim-2"), smtp_username="relay")
    (row,) = database.read(
        lambda connection: connection.execute(text("SELECT mailbox_secret, smtp_secret FROM monitors")).all()
    )
    sealed = [bytes(value) for value in row]
    assert [KEYS.unseal(value) for value in sealed] == ["geheim-1", "geheim-2"]
    assert not any(b"geheim" in value for value in sealed)


def test_a_password_can_be_changed_and_cleared(database: Database) -> None:
    monitor_id = make_monitor(database, Passwords(mailbox="old"))
    edit(database, monitor_id, Passwords(mailbox="new"))
    assert read(database, monitor_id).has_password
    edit(database, monitor_id, Passwords(mailbox=None))
    assert not read(database, monitor_id).has_password


def test_an_smtp_user_name_needs_a_password_and_the_other_way_round(database: Database) -> None:
    assert set(faults(lambda: make_monitor(database, smtp_username="relay"))) == {"smtp_password"}
    assert set(faults(lambda: make_monitor(database, Passwords(smtp="geheim")))) == {"smtp_username"}


def test_resetting_the_smtp_user_name_clears_its_password(database: Database) -> None:
    monitor_id = make_monitor(database, Passwords(smtp="geheim"), smtp_username="relay")
    edit(database, monitor_id, smtp_username=None)
    monitor = read(database, monitor_id)
    assert (monitor.settings.smtp_username, monitor.has_smtp_password) == (None, False)


def test_the_last_status_is_the_newest_finished_run(database: Database) -> None:
    first, second, never = (make_monitor(database) for _ in range(3))
    error = result(StatusCode.SMTP_LOGIN, Verdict.UNSENT)
    newest = finished(database, first, error, slot=NOW + timedelta(minutes=5))
    finished(database, first, result(), slot=NOW)
    claimed(database, first, slot=NOW + timedelta(minutes=10))
    finished(database, second, result(), slot=NOW)
    found = database.read(lambda connection: monitors.last_statuses(connection, ADMIN, [first, second, never]))
    assert set(found) == {first, second}
    assert found[first].id == newest.id
    assert found[first].result == replace(error, sessions=(), summary=f"{error.summary}; no earlier run is known.")


def test_last_statuses_of_another_account_are_not_shown(database: Database) -> None:
    monitor_id = make_monitor(database)
    finished(database, monitor_id)
    assert database.read(lambda connection: monitors.last_statuses(connection, STRANGER, [monitor_id])) == {}
