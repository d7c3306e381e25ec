"""`mailtrip account`: the customers of this installation, each with users, monitors and limits of its own."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailtrip.cli.operator import database_in_force
from mailtrip.cli.options import STORE_SETTINGS, setting_options
from mailtrip.cli.passwords import read_new_password
from mailtrip.cli.tables import print_table
from mailtrip.model import AccountLimits

if TYPE_CHECKING:
    from mailtrip.store import Connection

__all__ = ["command"]


class _Limit(click.ParamType[int]):
    """A whole number of at least 1, or `none`, which is kept as 0."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value)
        if text.lower() == "none":
            return 0
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 1_000_000):
            self.fail(f"{text!r} is no limit; write a whole number from 1 to 1000000, or none", param, ctx)
        return int(text)


_LIMIT = _Limit()
_MOST_MONITORS = click.option("--most-monitors", type=_LIMIT, metavar="NUMBER", help="Most monitors, or none.")
_MOST_USERS = click.option("--most-users", type=_LIMIT, metavar="NUMBER", help="Most users, or none.")
_SHORTEST_INTERVAL = click.option(
    "--shortest-interval", type=_LIMIT, metavar="MINUTES", help="Shortest interval of monitors, or none."
)


@click.group("account")
def command() -> None:
    """Manage the accounts: customers that see nothing of each other."""


@command.command("add")
@click.argument("name")
@click.option("--admin", required=True, metavar="EMAIL", help="Who manages the account: its first user.")
@click.option(
    "--password-file", metavar="FILE", help="The password in its first line; - is standard input. Asked for otherwise."
)
@_MOST_MONITORS
@_MOST_USERS
@_SHORTEST_INTERVAL
@setting_options(STORE_SETTINGS)
def add(
    *,
    name: str,
    admin: str,
    password_file: str | None,
    most_monitors: int | None,
    most_users: int | None,
    shortest_interval: int | None,
    config_file: Path | None,
    **options: object,
) -> None:
    """Add an account with its first user, an Admin. There are no limits but those given."""
    from mailtrip.service import accounts, users

    password = users.hash_password(read_new_password(f"Password for {admin}", password_file))
    limits = _limits(AccountLimits(), most_monitors, most_users, shortest_interval)
    with database_in_force(config_file, options) as (database, clock):
        account = database.write(
            lambda connection: accounts.add(
                connection, name, admin=admin, password=password, limits=limits, now=clock.now()
            )
        )
    click.echo(f"Added: {account.name}, number {account.id}, Admin {admin}")


@command.command("list")
@setting_options(STORE_SETTINGS)
def list_(*, config_file: Path | None, **options: object) -> None:
    """List the accounts, with what each has and may have."""
    from mailtrip.service import accounts

    with database_in_force(config_file, options) as (database, _):
        found = database.read(
            lambda connection: [(each, accounts.sizes(connection, each)) for each in accounts.list_all(connection)]
        )
    rows = [
        (
            str(account.id),
            account.name,
            _of(monitors, account.limits.most_monitors),
            _of(users, account.limits.most_users),
            _interval(account.limits.shortest_interval),
            f"{account.created_at:%Y-%m-%d}",
        )
        for account, (monitors, users) in found
    ]
    print_table(("NUMBER", "NAME", "MONITORS", "USERS", "SHORTEST", "SINCE"), rows)


@command.command("rename")
@click.argument("name")
@click.argument("new_name")
@setting_options(STORE_SETTINGS)
def rename(*, name: str, new_name: str, config_file: Path | None, **options: object) -> None:
    """Give an account another name; its users notice nothing."""
    from mailtrip.service import accounts

    with database_in_force(config_file, options) as (database, clock):
        database.write(
            lambda connection: accounts.rename(connection, accounts.find(connection, name), new_name, now=clock.now())
        )
    click.echo(f"Renamed: {name} is {new_name}")


@command.command("limit")
@click.argument("name")
@_MOST_MONITORS
@_MOST_USERS
@_SHORTEST_INTERVAL
@setting_options(STORE_SETTINGS)
def limit(
    *,
    name: str,
    most_monitors: int | None,
    most_users: int | None,
    shortest_interval: int | None,
    config_file: Path | None,
    **options: object,
) -> None:
    """Change limits of an account; what is above them already stays. A limit that is not given stays as it is."""
    from mailtrip.service import accounts

    with database_in_force(config_file, options) as (database, clock):

        def change(connection: "Connection") -> None:
            account = accounts.find(connection, name)
            wanted = _limits(account.limits, most_monitors, most_users, shortest_interval)
            accounts.set_limits(connection, account, wanted, now=clock.now())

        database.write(change)
    click.echo(f"Changed: the limits of {name}")


@command.command("remove")
@click.argument("name")
@click.option("--with-everything", is_flag=True, help="Also when it has monitors: they and their runs go, too.")
@setting_options(STORE_SETTINGS)
def remove(*, name: str, with_everything: bool, config_file: Path | None, **options: object) -> None:
    """Remove an account with its users, recipients and the like. The default account stays."""
    from mailtrip.service import accounts

    with database_in_force(config_file, options) as (database, clock):
        database.write(
            lambda connection: accounts.remove(
                connection, accounts.find(connection, name), with_everything=with_everything, now=clock.now()
            )
        )
    click.echo(f"Removed: {name}")


def _limits(
    before: AccountLimits, most_monitors: int | None, most_users: int | None, shortest_interval: int | None
) -> AccountLimits:
    """The limits with those changed that are given; 0 lifts one."""
    if most_monitors is not None:
        before = replace(before, most_monitors=most_monitors or None)
    if most_users is not None:
        before = replace(before, most_users=most_users or None)
    if shortest_interval is not None:
        before = replace(before, shortest_interval=timedelta(minutes=shortest_interval) or None)
    return before


def _of(there: int, most: int | None) -> str:
    return str(there) if most is None else f"{there} of {most}"


def _interval(shortest: timedelta | None) -> str:
    return "-" if shortest is None else f"{shortest / timedelta(minutes=1):g} min"
