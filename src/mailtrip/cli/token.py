"""`mailtrip token`: tokens for programs, that need no login."""

from datetime import timedelta
from pathlib import Path

import click

from mailtrip.cli.operator import ACCOUNT, database_in_force, operator_in
from mailtrip.cli.options import STORE_SETTINGS, setting_options
from mailtrip.cli.tables import print_table
from mailtrip.model import Role, Scope

__all__ = ["command"]

_ROLES = {role.value.lower().replace(" ", "-"): role for role in Role}


@click.group("token")
def command() -> None:
    """Manage API tokens, for programs."""


@command.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(list(_ROLES), case_sensitive=False),
    default="readonly",
    show_default=True,
    help="What the token may do.",
)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([str(scope) for scope in Scope]),
    multiple=True,
    help="To what it is cut; can be given several times. [default: all that the role allows]",
)
@click.option("--days", type=click.IntRange(1, 36_500), metavar="NUMBER", help="Days until it ends. [default: never]")
@ACCOUNT
@setting_options(STORE_SETTINGS)
def add(
    *,
    name: str,
    role: str,
    scopes: tuple[str, ...],
    days: int | None,
    account: str | None,
    config_file: Path | None,
    **options: object,
) -> None:
    """Make a token and show it, this once; nothing else is on standard output."""
    from mailtrip.service import api_tokens

    with database_in_force(config_file, options) as (database, clock):
        operator = operator_in(database, account)
        now = clock.now()
        token_id, text = database.write(
            lambda connection: api_tokens.create(
                connection,
                operator,
                name=name,
                role=_ROLES[role.lower()],
                scopes=[Scope(word) for word in scopes] or None,
                expires_at=None if days is None else now + timedelta(days=days),
                now=now,
            )
        )
    click.echo(f"Added: {name}, number {token_id}, {_ROLES[role.lower()]}. The token can't be shown again:", err=True)
    click.echo(text)


@command.command("list")
@ACCOUNT
@setting_options(STORE_SETTINGS)
def list_(*, account: str | None, config_file: Path | None, **options: object) -> None:
    """List the tokens: who made them, what they may do, when they were used last."""
    from mailtrip.service import api_tokens

    with database_in_force(config_file, options) as (database, _):
        operator = operator_in(database, account)
        found = database.read(lambda connection: api_tokens.list_all(connection, operator))
    rows = [
        (
            str(token.id),
            token.name,
            token.role,
            ",".join(token.scopes) if token.scopes else "-",
            token.made_by or "the operator",
            "never" if token.expires_at is None else f"{token.expires_at:%Y-%m-%d}",
            "never" if token.last_used_at is None else f"{token.last_used_at:%Y-%m-%d %H:%M}",
        )
        for token in found
    ]
    print_table(("ID", "NAME", "ROLE", "SCOPES", "MADE BY", "ENDS", "LAST USED"), rows)


@command.command("revoke")
@click.argument("token_id", metavar="ID", type=int)
@ACCOUNT
@setting_options(STORE_SETTINGS)
def revoke(*, token_id: int, account: str | None, config_file: Path | None, **options: object) -> None:
    """End a token, at once."""
    from mailtrip.service import api_tokens

    with database_in_force(config_file, options) as (database, clock):
        operator, now = operator_in(database, account), clock.now()
        token = database.write(lambda connection: api_tokens.revoke(connection, operator, token_id, now=now))
    click.echo(f"Revoked: {token.name}")
