"""`mailtrip monitor`: the monitors and how they are, as a table or as JSON."""

import json
from pathlib import Path

import click

from mailtrip.cli.documents import monitor_document
from mailtrip.cli.operator import ACCOUNT, database_in_force, operator_in, providers_in_force
from mailtrip.cli.options import STORE_SETTINGS, setting_options
from mailtrip.cli.tables import print_table
from mailtrip.model import Monitor, Run

__all__ = ["command"]

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group("monitor")
def command() -> None:
    """Look at the monitors."""


@command.command("list")
@_AS_JSON
@ACCOUNT
@setting_options(STORE_SETTINGS)
def list_(*, as_json: bool, account: str | None, config_file: Path | None, **options: object) -> None:
    """List the monitors, each with its last run."""
    from mailtrip.service import monitors

    with database_in_force(config_file, options) as (database, _):
        operator = operator_in(database, account)
        found, _ = database.read(lambda connection: monitors.page(connection, operator))
        ids = [monitor.id for monitor in found]
        last = database.read(lambda connection: monitors.last_statuses(connection, operator, ids))
    if as_json:
        providers = providers_in_force(config_file, options)
        documents = [monitor_document(monitor, last.get(monitor.id), providers) for monitor in found]
        click.echo(json.dumps(documents, indent=2))
    else:
        print_table(
            ("ID", "NAME", "EVERY", "SERVER", "LAST RUN", "VERDICT"),
            [_row(monitor, last.get(monitor.id)) for monitor in found],
        )


@command.command("show")
@click.argument("monitor_id", metavar="ID", type=int)
@_AS_JSON
@ACCOUNT
@setting_options(STORE_SETTINGS)
def show(*, monitor_id: int, as_json: bool, account: str | None, config_file: Path | None, **options: object) -> None:
    """Show a monitor: its settings, what its mail providers don't allow of them, its last run. No password is shown."""
    from mailtrip.service import monitors

    with database_in_force(config_file, options) as (database, _):
        operator = operator_in(database, account)
        monitor = database.read(lambda connection: monitors.get(connection, operator, monitor_id))
        last = database.read(lambda connection: monitors.last_statuses(connection, operator, [monitor_id]))
    document = monitor_document(monitor, last.get(monitor_id), providers_in_force(config_file, options))
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        print_table(("FIELD", "VALUE"), [(name, _cell(value)) for name, value in document.items()])


def _row(monitor: Monitor, last: Run | None) -> tuple[str, ...]:
    settings = monitor.settings
    every = f"{settings.interval.total_seconds() / 60:g} min" if settings.enabled else "off"
    slot = "-" if last is None else f"{last.slot:%Y-%m-%d %H:%M:%S}"
    verdict = "-" if last is None or last.result is None else last.result.verdict
    return str(monitor.id), settings.name, every, settings.servers[-1].url, slot, verdict


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case []:
            return "-"
        case _:
            return json.dumps(value)
