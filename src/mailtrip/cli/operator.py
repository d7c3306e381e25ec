"""The operator: who types commands on the machine itself, and may do everything, in the default account unless told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailtrip.cli.options import load_configuration
from mailtrip.clock import Clock, SystemClock
from mailtrip.model import Actor, Providers, Role

if TYPE_CHECKING:
    from mailtrip.store.database import Database

__all__ = ["ACCOUNT", "OPERATOR", "database_in_force", "operator_in", "providers_in_force"]

OPERATOR = Actor(account_id=1, role=Role.ADMIN)

ACCOUNT = click.option(
    "--account", metavar="NAME", help="The account to work in, see mailtrip account. [default: the default account]"
)


def operator_in(database: "Database", account: str | None) -> Actor:
    """The operator at work in the account of this name; None is the default account.

    Raises:
        NotFound: there is no such account.
    """
    from mailtrip.service import accounts

    if account is None:
        return OPERATOR
    return database.read(lambda connection: accounts.operator_of(accounts.find(connection, account)))


@contextmanager
def database_in_force(config_file: Path | None, options: dict[str, object]) -> Iterator[tuple["Database", Clock]]:
    """The database that the settings name, and the clock; closed at the end.

    Raises:
        ConfigurationError: a setting is wrong, or the database can't be opened.
    """
    from mailtrip.bootstrap.storage import open_database

    clock = SystemClock()
    with open_database(load_configuration(config_file, options).settings, clock=clock) as database:
        yield database, clock


def providers_in_force(config_file: Path | None, options: dict[str, object]) -> Providers:
    """The mail providers that are known, as the settings change them.

    Raises:
        ConfigurationError: a setting is wrong.
    """
    from mailtrip.bootstrap.providers import make_providers

    return Providers(make_providers(load_configuration(config_file, options).settings.providers))
