"""`mailtrip user`: who may log in, and as what."""

from pathlib import Path

import click

from mailtrip.cli.operator import ACCOUNT, database_in_force, operator_in
from mailtrip.cli.options import STORE_SETTINGS, setting_options
from mailtrip.cli.passwords import read_new_password
from mailtrip.cli.tables import print_table
from mailtrip.model import Role

__all__ = ["command"]

_ROLES = {role.value.lower().replace(" ", "-"): role for role in Role}
_ROLE = click.Choice(list(_ROLES), case_sensitive=False)
_PASSWORD_FILE = click.option(
    "--password-file", metavar="FILE", help="The password in its first line; - is standard input. Asked for otherwise."
)


@click.group("user")
def command() -> None:
    """Manage the people who may log in."""


@command.command("add")
@click.argument("email")
@click.option("--role", type=_ROLE, default="user", show_default=True, help="What the user may do.")
@_PASSWORD_FILE
@ACCOUNT
@setting_options(STORE_SETTINGS)
def add(
    *,
    email: str,
    role: str,
    password_file: str | None,
    account: str | None,
    config_file: Path | None,
    **options: object,
) -> None:
    """Add a user. The first one should be an admin: mailtrip user add you@example.com --role admin."""
    from mailtrip.service import users

    password = users.hash_password(read_new_password(f"Password for {email}", password_file))
    with database_in_force(config_file, options) as (database, clock):
        operator = operator_in(database, account)
        user = database.write(
            lambda connection: users.add(
                connection, operator, email=email, password=password, role=_ROLES[role.lower()], now=clock.now()
            )
        )
    click.echo(f"Added: {user.email}, {user.role}")


@command.command("list")
@ACCOUNT
@setting_options(STORE_SETTINGS)
def list_(*, account: str | None, config_file: Path | None, **options: object) -> None:
    """List the users."""
    from mailtrip.service import users

    with database_in_force(config_file, options) as (database, _):
        operator = operator_in(database, account)
        found = database.read(lambda connection: users.list_all(connection, operator))
    rows = [
        (
            str(user.id),
            user.email,
            user.role,
            "yes" if user.settings.enabled else "no",
            f"{user.created_at:%Y-%m-%d}",
        )
        for user in found
    ]
    print_table(("ID", "EMAIL", "ROLE", "ENABLED", "SINCE"), rows)


@command.command("passwd")
@click.argument("email")
@_PASSWORD_FILE
@ACCOUNT
@setting_options(STORE_SETTINGS)
def passwd(
    *, email: str, password_file: str | None, account: str | None, config_file: Path | None, **options: object
) -> None:
    """Give a user a new password. All of the user's access tokens end."""
    from mailtrip.service import users

    password = users.hash_password(read_new_password(f"New password for {email}", password_file))
    with database_in_force(config_file, options) as (database, clock):
        operator, now = operator_in(database, account), clock.now()
        database.write(
            lambda connection: users.set_password(
                connection, operator, users.find(connection, operator, email=email).id, password=password, now=now
            )
        )
    click.echo(f"Changed: the password of {email}")


@command.command("remove-second-factor")
@click.argument("email")
@ACCOUNT
@setting_options(STORE_SETTINGS)
def remove_second_factor(*, email: str, account: str | None, config_file: Path | None, **options: object) -> None:
    """Let a user who has lost the authenticator app sign in with the password alone."""
    from mailtrip.service import second_factors, users

    with database_in_force(config_file, options) as (database, clock):
        operator, now = operator_in(database, account), clock.now()
        database.write(
            lambda connection: second_factors.turn_off_for(
                connection, operator, users.find(connection, operator, email=email), now=now
            )
        )
    click.echo(f"Changed: {email} signs in with the password alone")


@command.command("set-role")
@click.argument("email")
@click.argument("role", type=_ROLE)
@ACCOUNT
@setting_options(STORE_SETTINGS)
def set_role(*, email: str, role: str, account: str | None, config_file: Path | None, **options: object) -> None:
    """Give a user another role, at once."""
    from mailtrip.service import users

    with database_in_force(config_file, options) as (database, clock):
        operator, now = operator_in(database, account), clock.now()
        database.write(
            lambda connection: users.set_role(
                connection,
                operator,
                users.find(connection, operator, email=email).id,
                role=_ROLES[role.lower()],
                now=now,
            )
        )
    click.echo(f"Changed: {email} is {_ROLES[role.lower()]}")


@command.command("disable")
@click.argument("email")
@ACCOUNT
@setting_options(STORE_SETTINGS)
def disable(*, email: str, account: str | None, config_file: Path | None, **options: object) -> None:
    """Keep a user out: sessions and access tokens end at once. The last admin stays."""
    _set_enabled(email, account, config_file, options, enabled=False)
    click.echo(f"Disabled: {email}")


@command.command("enable")
@click.argument("email")
@ACCOUNT
@setting_options(STORE_SETTINGS)
def enable(*, email: str, account: str | None, config_file: Path | None, **options: object) -> None:
    """Let a disabled user in again."""
    _set_enabled(email, account, config_file, options, enabled=True)
    click.echo(f"Enabled: {email}")


def _set_enabled(
    email: str, account: str | None, config_file: Path | None, options: dict[str, object], *, enabled: bool
) -> None:
    from mailtrip.service import users

    with database_in_force(config_file, options) as (database, clock):
        operator, now = operator_in(database, account), clock.now()
        database.write(
            lambda connection: users.set_enabled(
                connection, operator, users.find(connection, operator, email=email).id, enabled=enabled, now=now
            )
        )


@command.command("remove")
@click.argument("email")
@ACCOUNT
@setting_options(STORE_SETTINGS)
def remove(*, email: str, account: str | None, config_file: Path | None, **options: object) -> None:
    """Remove a user with all access tokens. The last admin stays."""
    from mailtrip.service import users

    with database_in_force(config_file, options) as (database, clock):
        operator, now = operator_in(database, account), clock.now()
        database.write(
            lambda connection: users.remove(
                connection, operator, users.find(connection, operator, email=email).id, now=now
            )
        )
    click.echo(f"Removed: {email}")
