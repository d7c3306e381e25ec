"""Recipients and their groups are kept as they were given, and every rule is held."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Table
from tests.contract.store.builders import ADMIN, KEYS, NOW, STRANGER, actor, make_monitor

from mailtrip.errors import Forbidden, InvalidInput, NotFound
from mailtrip.model import (
    Actor,
    AlertMethod,
    AlertType,
    PerformanceRule,
    Recipient,
    RecipientGroup,
    RecipientGroupSettings,
    RecipientSettings,
    Role,
)
from mailtrip.service import groups, monitors, recipients
from mailtrip.service.monitors import UNCHANGED
from mailtrip.service.recipients import Password
from mailtrip.store import Database, schema
from mailtrip.store import groups as group_rows
from mailtrip.store import recipients as recipient_rows

LATER = NOW + timedelta(hours=1)
HOOK: dict[str, Any] = {"method": AlertMethod.WEB_JSON, "address": "https://hooks.probe.test/T1"}  # Any: of many types
SHOWN_HOOK = HOOK | {"address": "https://hooks.probe.test/***"}


def make(database: Database, password: Password = UNCHANGED, by: Actor = ADMIN, **fields: object) -> int:
    """Store a recipient and give its id."""
    given = {"method": AlertMethod.EMAIL_HTML, "address": "team@probe.test"} | fields
    return database.write(
        lambda connection: recipients.create(connection, by, given, password=password, secrets=KEYS, now=NOW)
    )


def edit(database: Database, recipient_id: int, password: Password = UNCHANGED, **fields: object) -> int:
    return database.write(
        lambda connection: recipients.edit(
            connection, ADMIN, recipient_id, fields, password=password, secrets=KEYS, now=LATER
        )
    )


def read(database: Database, recipient_id: int, by: Actor = ADMIN) -> Recipient:
    return database.read(lambda connection: recipients.get(connection, by, recipient_id))


def make_group(database: Database, by: Actor = ADMIN, **fields: object) -> int:
    return database.write(lambda connection: groups.create(connection, by, {"name": "Team"} | fields, now=NOW))


def read_group(database: Database, group_id: int, by: Actor = ADMIN) -> RecipientGroup:
    return database.read(lambda connection: groups.get(connection, by, group_id))


def make_account(database: Database) -> None:
    """Give the stranger an account."""
    row = {"id": STRANGER.account_id, "name": "stranger", "created_at": NOW}
    database.write(lambda connection: connection.execute(schema.accounts.insert(), row))


def faults(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        call()
    return {fault.field: fault.text for fault in caught.value.faults}


def test_a_recipient_is_read_as_it_was_made(database: Database) -> None:
    recipient_id = make(database)
    assert read(database, recipient_id) == Recipient(
        id=100001,
        account_id=1,
        settings=RecipientSettings(method=AlertMethod.EMAIL_HTML, address="team@probe.test"),
        has_password=False,
        created_at=NOW,
        modified_at=NOW,
    )


def test_each_setting_is_kept(database: Database) -> None:
    fields: dict[str, Any] = HOOK | {  # Any: of many types
        "name": "Größe",
        "username": "u",
        "availability_alert": False,
        "performance_alert": True,
        "performance_alert_type": 30,
        "repeat_performance_alerts": True,
        "notify_on_clear": True,
        "start_threshold": 2,
        "stop_threshold": 5,
        "error_window": 7,
        "performance_rule": PerformanceRule.PERCENTILE,
        "performance_percentile": 50,
        "performance_window": 100,
        "attach_screen_capture": True,
        "attach_server_response": True,
        "remote_commands": True,
    }
    found = read(database, make(database, "geheim", **fields))
    assert (found.settings, found.has_password) == (RecipientSettings(**fields | SHOWN_HOOK), True)


def test_an_edit_keeps_what_it_does_not_name_and_counts_revisions(database: Database) -> None:
    recipient_id = make(database, "geheim", **HOOK, username="u", notify_on_clear=True)
    assert edit(database, recipient_id, name="Chat") == recipient_id
    found = read(database, recipient_id)
    assert found.settings == RecipientSettings(**SHOWN_HOOK, username="u", notify_on_clear=True, name="Chat")
    assert (found.has_password, found.created_at, found.modified_at, found.revision) == (True, NOW, LATER, 2)


def address_kept(database: Database, recipient_id: int) -> str | None:
    _, sealed = database.read(lambda connection: recipient_rows.with_sealed(connection, recipient_id))
    return None if sealed.address is None else KEYS.unseal(sealed.address)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"name": "Chat"}, "https://hooks.probe.test/T1"),
        ({"address": "https://hooks.probe.test/***"}, "https://hooks.probe.test/T1"),
        ({"method": AlertMethod.WEB_POST}, "https://hooks.probe.test/T1"),
        ({"address": "https://hooks.probe.test/T2"}, "https://hooks.probe.test/T2"),
        ({"address": "https://hooks.probe.test"}, "https://hooks.probe.test"),
        ({"method": AlertMethod.EMAIL_TEXT, "address": "team@probe.test"}, None),
    ],
)
def test_a_web_address_is_sealed_and_stays_unless_another_is_given(
    database: Database,
    change: dict[str, Any],  # Any: of many types
    kept: str | None,
) -> None:
    recipient_id = make(database, **HOOK)

    edit(database, recipient_id, **change)

    assert address_kept(database, recipient_id) == kept
    row = database.read(lambda connection: connection.execute(schema.recipients.select()).one())
    assert "/T" not in row.address


def test_a_shortened_web_address_is_refused_where_it_is_not_the_stored_one(database: Database) -> None:
    shortened = {"address": "is shortened, as web addresses are shown; write the whole one"}
    assert faults(lambda: make(database, **SHOWN_HOOK)) == shortened
    recipient_id = make(database, **HOOK)
    assert faults(lambda: edit(database, recipient_id, address="https://other.probe.test/***")) == shortened
    assert address_kept(database, recipient_id) == "https://hooks.probe.test/T1"


def test_web_addresses_of_an_older_program_are_sealed_once(database: Database) -> None:
    recipient_id, mail_id = make(database, **HOOK), make(database)
    old = {"address": "https://hooks.probe.test/T0", "sealed_address": None}
    rows = schema.recipients
    database.write(lambda connection: connection.execute(rows.update().where(rows.c.id == recipient_id).values(old)))
    before = read(database, recipient_id)
    assert before.settings.address == "https://hooks.probe.test/***"

    database.write(partial(recipients.seal_addresses, secrets=KEYS))

    assert (address_kept(database, recipient_id), address_kept(database, mail_id)) == (
        "https://hooks.probe.test/T0",
        None,
    )
    assert read(database, recipient_id) == before
    assert database.read(recipient_rows.unsealed) == {}


def test_a_password_is_sealed_anew_when_it_changes_and_only_then(database: Database) -> None:
    def kept() -> str | None:
        sealed = database.read(lambda connection: connection.execute(schema.recipients.select()).one().secret)
        return None if sealed is None else KEYS.unseal(sealed)

    recipient_id = make(database, "geheim", **HOOK, username="u")
    edit(database, recipient_id, username="v")
    assert kept() == "geheim"
    edit(database, recipient_id, "other")
    assert kept() == "other"
    edit(database, recipient_id, None)
    assert kept() is None


def test_no_secret_shows_in_the_repr_of_a_recipient(database: Database) -> None:
    found = read(database, make(database, "geheim", **HOOK, username="u"))
    assert "geheim" not in repr(found)
    assert "hooks.probe.test" not in repr(found)


def test_a_refused_recipient_is_not_stored(database: Database) -> None:
    told = faults(lambda: make(database, "x\ny", **HOOK, username="a:b", start_threshold=0, name=""))
    assert set(told) == {"name", "username", "start_threshold", "password"}
    assert database.read(lambda connection: recipients.page(connection, ADMIN)) == ([], 0)


def test_recipients_are_found_by_type_and_method(database: Database) -> None:
    ids = [
        make(database),
        make(database, **HOOK, performance_alert=True),
        make(database, **HOOK, availability_alert=False),
    ]

    def found(**filters: Any) -> list[int]:  # Any: of two types
        return [each.id for each in database.read(lambda c: recipients.page(c, ADMIN, **filters))[0]]

    assert found() == ids
    assert found(type=AlertType.AVAILABILITY) == ids[:2]
    assert found(type=AlertType.PERFORMANCE) == [ids[1]]
    assert found(method=AlertMethod.WEB_JSON, type=AlertType.AVAILABILITY) == [ids[1]]
    assert found(limit=1, offset=1) == [ids[1]]
    assert found(offset=2**80) == []


@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
def test_who_may_not_edit_may_not_make_change_or_remove(database: Database, role: Role) -> None:
    recipient_id = make(database)
    group_id = make_group(database, monitor_ids=(make_monitor(database),), recipient_ids=(recipient_id,))
    by = actor(role)
    calls: list[Callable[[Connection], object]] = [
        lambda c: recipients.create(c, by, {}, password=None, secrets=KEYS, now=NOW),
        lambda c: recipients.edit(c, by, recipient_id, {}, password=None, secrets=KEYS, now=NOW),
        lambda c: recipients.remove(c, by, recipient_id, now=NOW),
        lambda c: groups.create(c, by, {}, now=NOW),
        lambda c: groups.edit(c, by, group_id, {}, now=NOW),
        lambda c: groups.remove(c, by, group_id, now=NOW),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            database.write(call)


def test_a_stranger_finds_nothing(database: Database) -> None:
    recipient_id = make(database)
    group_id = make_group(database, monitor_ids=(make_monitor(database),), recipient_ids=(recipient_id,))
    calls: list[Callable[[Connection], object]] = [
        lambda c: recipients.get(c, STRANGER, recipient_id),
        lambda c: recipients.edit(c, STRANGER, recipient_id, {}, password=None, secrets=KEYS, now=NOW),
        lambda c: recipients.remove(c, STRANGER, recipient_id, now=NOW),
        lambda c: groups.get(c, STRANGER, group_id),
        lambda c: groups.edit(c, STRANGER, group_id, {}, now=NOW),
        lambda c: groups.remove(c, STRANGER, group_id, now=NOW),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            database.write(call)
    assert database.read(lambda c: recipients.page(c, STRANGER)) == ([], 0)
    assert database.read(lambda c: groups.page(c, STRANGER, recipient_id=recipient_id)) == ([], 0)
    assert database.write(lambda c: recipient_rows.known(c, STRANGER.account_id, [recipient_id])) == set()


def test_a_group_does_not_take_monitors_or_recipients_of_another_account(database: Database) -> None:
    make_account(database)
    monitor_id, recipient_id = make_monitor(database), make(database)
    told = faults(lambda: make_group(database, STRANGER, monitor_ids=(monitor_id,), recipient_ids=(recipient_id,)))
    assert told == {
        "monitor_ids": f"there is no monitor {monitor_id}; name monitors of this account",
        "recipient_ids": f"there is no recipient {recipient_id}; name recipients of this account",
    }


def test_a_group_is_read_as_it_was_made(database: Database) -> None:
    ids = (make_monitor(database), make_monitor(database)), (make(database), make(database))
    group_id = make_group(database, monitor_ids=ids[0], recipient_ids=ids[1], status_codes=(2, 1), is_default=True)
    assert read_group(database, group_id) == RecipientGroup(
        id=100001,
        account_id=1,
        settings=RecipientGroupSettings(
            name="Team", is_default=True, monitor_ids=ids[0], recipient_ids=ids[1], status_codes=(2, 1)
        ),
        created_at=NOW,
        modified_at=NOW,
    )


def test_an_edit_of_a_group_replaces_lists_and_counts_revisions(database: Database) -> None:
    first, second = make_monitor(database), make_monitor(database)
    group_id = make_group(database, monitor_ids=(first,), recipient_ids=(make(database),))
    database.write(lambda c: groups.edit(c, ADMIN, group_id, {"monitor_ids": (second,)}, now=LATER))
    found = read_group(database, group_id)
    assert found.settings.monitor_ids == (second,)
    assert (found.created_at, found.modified_at, found.revision) == (NOW, LATER, 2)


def test_removed_monitors_and_recipients_leave_no_ids_behind(database: Database) -> None:
    monitor_id, recipient_id = make_monitor(database), make(database)
    group_id = make_group(database, monitor_ids=(monitor_id,), recipient_ids=(recipient_id,))
    database.write(lambda c: monitors.remove(c, ADMIN, monitor_id, now=NOW))
    database.write(lambda c: recipients.remove(c, ADMIN, recipient_id, now=NOW))
    settings = read_group(database, group_id).settings
    assert (settings.monitor_ids, settings.recipient_ids) == ((), ())
    assert database.read(lambda c: recipients.groups_of(c, [recipient_id])) == {}


def test_a_removed_group_leaves_no_ids_behind(database: Database) -> None:
    recipient_id = make(database)
    group_id = make_group(database, monitor_ids=(make_monitor(database),), recipient_ids=(recipient_id,))
    database.write(lambda c: groups.remove(c, ADMIN, group_id, now=NOW))
    assert database.read(lambda c: recipients.groups_of(c, [recipient_id])) == {}
    for table in (schema.recipient_group_monitors, schema.recipient_group_recipients):
        assert database.read(partial(_all_rows, table)) == []


def test_a_removed_monitor_can_not_be_named(database: Database) -> None:
    monitor_id = make_monitor(database)
    database.write(lambda c: monitors.remove(c, ADMIN, monitor_id, now=NOW))
    told = faults(lambda: make_group(database, monitor_ids=(monitor_id,), recipient_ids=(make(database),)))
    assert set(told) == {"monitor_ids"}


def test_the_default_group_of_one_account_leaves_that_of_another_alone(database: Database) -> None:
    make_account(database)

    def store_group(account_id: int) -> Callable[[Connection], int]:
        settings = RecipientGroupSettings(name="x", is_default=True, monitor_ids=(), recipient_ids=())
        return lambda c: group_rows.insert(c, account_id, settings, now=NOW)

    ids = [database.write(store_group(account_id)) for account_id in (1, 2)]
    found = [read_group(database, ids[0]), read_group(database, ids[1], STRANGER)]
    assert [each.settings.is_default for each in found] == [True, True]


def test_default_groups_that_are_made_at_once_leave_one(database: Database) -> None:
    monitor_ids, recipient_ids = (make_monitor(database),), (make(database),)

    def run() -> None:
        make_group(database, monitor_ids=monitor_ids, recipient_ids=recipient_ids, is_default=True)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found, count = database.read(lambda c: groups.page(c, ADMIN))
    assert (count, sum(each.settings.is_default for each in found)) == (4, 1)


def _all_rows(table: Table, connection: Connection) -> list[object]:
    return list(connection.execute(table.select()))
