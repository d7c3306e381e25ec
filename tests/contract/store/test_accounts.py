"""Accounts: made, limited, renamed and removed; each with its own."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from tests.contract.store.builders import ADMIN, FIELDS, KEYS, NOW, finish, make_monitor, result

from mailtrip import store
from mailtrip.errors import AuthenticationFailed, InvalidInput, NotFound
from mailtrip.model import Account, AccountLimits, Actor, MonitorType, Role, RunKind
from mailtrip.service import accounts, api_tokens, audit, locations, monitors, retention, runs, tokens, users
from mailtrip.service.monitors import Passwords
from mailtrip.service.runs import FinishedRun, PlannedRun
from mailtrip.store import Database
from mailtrip.store.schema import accounts as account_rows
from mailtrip.store.schema import metadata

PASSWORD = "correct horse"
HASH = users.hash_password(PASSWORD)
DAY = timedelta(days=1)


def add(database: Database, name: str = "Example Ltd", **limits: Any) -> Account:  # Any: limits of several types
    return database.write(
        lambda connection: accounts.add(
            connection,
            name,
            admin=f"{name.split(maxsplit=1)[0]}@probe.test",
            password=HASH,
            limits=AccountLimits(**limits),
            now=NOW,
        )
    )


def create(database: Database, actor: Actor, **fields: Any) -> int:  # Any: fields of many types
    return database.write(
        lambda connection: monitors.create(
            connection, actor, FIELDS | fields, passwords=Passwords(), secrets=KEYS, now=NOW
        )
    )


def remove(database: Database, account: Account, *, with_everything: bool) -> None:
    database.write(partial(accounts.remove, account=account, with_everything=with_everything, now=NOW))


def listed(database: Database) -> list[str]:
    return [account.name for account in database.read(accounts.list_all)]


def test_the_default_account_is_there_without_limits(database: Database) -> None:
    [account] = database.read(accounts.list_all)
    assert (account.id, account.name, account.limits) == (1, "default", AccountLimits())


def test_a_new_account_has_its_admin_and_the_programs_location(database: Database) -> None:
    account = add(database)
    operator = accounts.operator_of(account)
    assert account.id == 2
    [admin] = database.read(lambda connection: users.list_all(connection, operator))
    assert (admin.email, admin.role, admin.account_id) == ("Example@probe.test", Role.ADMIN, 2)
    assert database.read(lambda connection: locations.list_all(connection, operator)) == database.read(
        lambda connection: locations.list_all(connection, ADMIN)
    )


def test_a_monitor_of_another_account_runs_at_the_programs_location(database: Database) -> None:
    account = add(database)
    operator = accounts.operator_of(account)
    monitor_id = create(database, operator, location_ids=(10,))
    planned = PlannedRun(
        account_id=account.id, monitor_id=monitor_id, location_id=10, slot=NOW, kind=RunKind.SCHEDULED, token="t"
    )
    [run] = database.write(lambda connection: runs.claim(connection, [planned], now=NOW))
    finish(database, [FinishedRun(run_id=run.id, result=result())])
    assert database.read(lambda connection: runs.get(connection, operator, run.id)).result is not None
    with pytest.raises(NotFound):
        database.read(lambda connection: runs.get(connection, ADMIN, run.id))


def test_a_name_is_taken_once_and_a_refused_account_leaves_nothing(database: Database) -> None:
    add(database)
    with pytest.raises(InvalidInput, match='"Example Ltd" is taken'):
        add(database)
    with pytest.raises(InvalidInput, match="is taken"):
        add(database, "Example Again")  # the Admin's address is the first one's
    assert listed(database) == ["default", "Example Ltd"]


@pytest.mark.parametrize("name", ["", " ", "a\nb", " x", "removed 2", "x" * 101])
def test_what_is_no_name_is_refused(database: Database, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        database.write(partial(accounts.add, name=name, admin="a@probe.test", password=HASH, now=NOW))
    assert [fault.field for fault in caught.value.faults] == ["name"]


def test_an_account_is_found_by_its_name_and_renamed(database: Database) -> None:
    account = add(database)
    database.write(partial(accounts.rename, account=account, name="New", now=NOW))
    assert database.read(lambda connection: accounts.find(connection, "New")).id == account.id
    with pytest.raises(NotFound, match='there is no account "Example Ltd"'):
        database.read(lambda connection: accounts.find(connection, "Example Ltd"))
    with pytest.raises(InvalidInput, match="is taken"):
        database.write(partial(accounts.rename, account=account, name="default", now=NOW))


def test_a_monitor_beyond_the_limit_is_refused_with_the_limits_name(database: Database) -> None:
    operator = accounts.operator_of(add(database, most_monitors=2))
    first = create(database, operator)
    create(database, operator)
    with pytest.raises(InvalidInput, match="account: has 2 monitors, and its limit most_monitors is 2"):
        create(database, operator)
    database.write(lambda connection: monitors.remove(connection, operator, first, now=NOW))
    create(database, operator)
    assert make_monitor(database)  # the default account has none


def test_a_user_beyond_the_limit_is_refused_with_the_limits_name(database: Database) -> None:
    operator = accounts.operator_of(add(database, most_users=1))
    with pytest.raises(InvalidInput, match="account: has 1 users, and its limit most_users is 1"):
        database.write(
            lambda connection: users.add(
                connection, operator, email="b@probe.test", password=HASH, role=Role.USER, now=NOW
            )
        )


def test_an_interval_below_the_limit_is_refused_and_one_that_is_there_stays(database: Database) -> None:
    account = add(database, shortest_interval=timedelta(minutes=5))
    operator = accounts.operator_of(account)
    with pytest.raises(InvalidInput, match="interval: is below the limit shortest_interval of this account; use 5"):
        create(database, operator, interval=timedelta(minutes=4))
    monitor_id = create(database, operator, interval=timedelta(minutes=5))
    higher = AccountLimits(shortest_interval=timedelta(minutes=10))
    database.write(partial(accounts.set_limits, account=account, limits=higher, now=NOW))

    def edit(connection: Connection, **changes: object) -> int:
        return monitors.edit(
            connection,
            operator,
            monitor_id,
            changes,
            type=MonitorType.ROUND_TRIP,
            passwords=Passwords(),
            secrets=KEYS,
            now=NOW,
        )

    assert database.write(partial(edit, name="Still there")) == monitor_id
    with pytest.raises(InvalidInput, match="shortest_interval"):
        database.write(partial(edit, interval=timedelta(minutes=9)))


def test_limits_can_be_lifted(database: Database) -> None:
    account = add(database, most_monitors=1)
    database.write(partial(accounts.set_limits, account=account, limits=AccountLimits(), now=NOW))
    operator = accounts.operator_of(account)
    assert create(database, operator) < create(database, operator)


def test_an_account_with_monitors_is_removed_only_with_everything(database: Database) -> None:
    account = add(database)
    monitor_id = create(database, accounts.operator_of(account))
    with pytest.raises(InvalidInput, match='"Example Ltd" still has 1 monitors; remove them first, or give --with-'):
        remove(database, account, with_everything=False)
    remove(database, account, with_everything=True)
    assert listed(database) == ["default"]
    with pytest.raises(NotFound):
        database.read(lambda connection: monitors.get(connection, accounts.operator_of(account), monitor_id))


def test_the_default_account_can_not_be_removed(database: Database) -> None:
    [default] = database.read(accounts.list_all)
    with pytest.raises(InvalidInput, match="is the default account and has to stay"):
        remove(database, default, with_everything=True)


def test_the_engine_is_told_that_the_monitors_of_a_removed_account_are_gone(database: Database) -> None:
    account = add(database)
    monitor_id = create(database, accounts.operator_of(account))
    _, _, mark = database.read(lambda connection: changed(connection, 0))
    remove(database, account, with_everything=True)
    live, gone, _ = database.read(lambda connection: changed(connection, mark))
    assert (live, gone) == ([], [monitor_id])


def changed(connection: Connection, mark: int) -> Any:  # Any: monitors, ids and a mark
    return store.monitors.changed_since(connection, mark)


def test_logins_and_tokens_of_a_removed_account_end_at_once_and_its_name_is_free(database: Database) -> None:
    account = add(database)
    operator = accounts.operator_of(account)
    _, text = database.write(partial(api_tokens.create, actor=operator, name="t", now=NOW))
    remove(database, account, with_everything=False)
    with pytest.raises(AuthenticationFailed):
        database.write(partial(tokens.log_in, email="Example@probe.test", password=PASSWORD, now=NOW))
    with pytest.raises(Exception, match="unknown"):
        database.read(partial(tokens.identify, token=text, now=NOW))
    assert add(database).id == account.id + 1


def test_what_is_left_of_a_removed_account_goes_a_day_later_but_for_the_audit_log(database: Database) -> None:
    account = add(database)
    operator = accounts.operator_of(account)
    monitor_id = create(database, operator)
    planned = PlannedRun(
        account_id=account.id, monitor_id=monitor_id, location_id=10, slot=NOW, kind=RunKind.SCHEDULED, token="t"
    )
    [run] = database.write(lambda connection: runs.claim(connection, [planned], now=NOW))
    finish(database, [FinishedRun(run_id=run.id, result=result())])
    remove(database, account, with_everything=True)

    assert database.write(partial(retention.expire, now=NOW + DAY / 2, limit=100)) == 0
    while database.write(partial(retention.expire, now=NOW + 2 * DAY, limit=1)):
        pass

    assert database.read(partial(rows_of, account_id=account.id)) == {"audit_entries"}
    assert all(check.is_whole for check in database.read(audit.check_all).values())


def rows_of(connection: Connection, account_id: int) -> set[str]:
    """The tables that have rows of this account."""
    tables = [table for table in metadata.sorted_tables if "account_id" in table.c]
    found = {
        table.name
        for table in tables
        if connection.scalar(select(func.count()).select_from(table).where(table.c.account_id == account_id))
    }
    if connection.scalar(select(account_rows.c.id).where(account_rows.c.id == account_id)):
        found.add("accounts")
    return found
