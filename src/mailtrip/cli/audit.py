"""`mailtrip audit`: who changed what, when and from where, as a table or as JSON."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from mailtrip.cli.exits import EXIT_FAILURE
from mailtrip.cli.operator import ACCOUNT, database_in_force, operator_in
from mailtrip.cli.options import STORE_SETTINGS, setting_options
from mailtrip.cli.tables import print_table
from mailtrip.model import AuditAction, AuditActorType, AuditCheck, AuditEntry, AuditKind

__all__ = ["command"]

_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S"])


@click.group("audit")
def command() -> None:
    """Read the audit log: who changed what, when and from where."""


@command.command("list")
@click.option("--from", "since", type=_TIME, help="Only changes made at this time (UTC) or later.")
@click.option("--to", "until", type=_TIME, help="Only changes made before this time (UTC).")
@click.option("--actor", metavar="NAME", help="Only changes by the user with this address, or the token of this name.")
@click.option(
    "--action",
    type=click.Choice([each.value for each in AuditAction]),
    metavar="ACTION",
    help="Such as monitor.changed.",
)
@click.option("--kind", type=click.Choice([each.value for each in AuditKind]), metavar="KIND", help="Such as monitor.")
@click.option("--record-id", type=int, metavar="ID", help="Only changes of records with this number.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Most entries to show.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with what was there before and after.")
@ACCOUNT
@setting_options(STORE_SETTINGS)
def list_(
    *,
    since: datetime | None,
    until: datetime | None,
    actor: str | None,
    action: str | None,
    kind: str | None,
    record_id: int | None,
    limit: int,
    as_json: bool,
    account: str | None,
    config_file: Path | None,
    **options: object,
) -> None:
    """List changes, the newest first."""
    from mailtrip.service import audit

    with database_in_force(config_file, options) as (database, _):
        operator = operator_in(database, account)
        found = database.read(
            lambda connection: audit.page(
                connection,
                operator,
                since=_utc(since),
                until=_utc(until),
                actor_name=actor,
                action=None if action is None else AuditAction(action),
                kind=None if kind is None else AuditKind(kind),
                record_id=record_id,
                limit=limit,
            )
        )
    if as_json:
        click.echo(json.dumps([_document(entry) for entry in found], indent=2))
    else:
        print_table(
            ("AT", "ACTOR", "FROM", "ACTION", "ID", "NAME", "CHANGED"),
            [_row(entry) for entry in found],
        )


@command.command("verify")
@setting_options(STORE_SETTINGS)
def verify(*, config_file: Path | None, **options: object) -> int:
    """See whether each account's log is as it was written: nothing altered, nothing gone but what retention removed.

    The exit code is 1 if one is not. Who can write to the database can also compute the log anew: to prove that nobody
    did, keep the newest hash elsewhere.
    """
    from mailtrip.service import audit

    with database_in_force(config_file, options) as (database, _):
        found = database.read(audit.check_all)
    rows = [("-" if id_ is None else str(id_), str(each.entries), *_judged(each)) for id_, each in found.items()]
    print_table(("ACCOUNT", "ENTRIES", "NEWEST HASH", "VERDICT"), rows)
    return 0 if all(each.is_whole for each in found.values()) else EXIT_FAILURE


def _judged(check: AuditCheck) -> tuple[str, str]:
    head = "-" if check.head is None else check.head.hex()
    if check.is_whole:
        return head, "whole"
    broken = "the newest entries are gone" if check.broken_at is None else f"entry {check.broken_at} does not fit"
    return head, broken


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _row(entry: AuditEntry) -> tuple[str, ...]:
    return (
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        _who(entry),
        entry.address or "-",
        entry.action,
        "-" if entry.record_id is None else str(entry.record_id),
        entry.record_name or "-",
        ",".join(entry.changes) or "-",
    )


def _who(entry: AuditEntry) -> str:
    if entry.actor_type is AuditActorType.TOKEN:
        return f"token {entry.actor_name}"
    return entry.actor_name or entry.actor_type


def _document(entry: AuditEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "actor": {"type": entry.actor_type, "id": entry.actor_id, "name": entry.actor_name},
        "address": entry.address,
        "request_id": entry.request_id,
        "action": entry.action,
        "kind": entry.action.kind,
        "record_id": entry.record_id,
        "record_name": entry.record_name,
        "changes": entry.changes,
        "hash": entry.hash.hex(),
    }
