"""`mailtrip monitor`: the monitors and how they are, as a table or as JSON; and many made at once."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from mailtrip.cli.documents import monitor_document
from mailtrip.cli.exits import EXIT_FAILURE
from mailtrip.cli.operator import ACCOUNT, database_in_force, operator_in, providers_in_force
from mailtrip.cli.options import STORE_SETTINGS, load_configuration, setting_options
from mailtrip.cli.tables import print_table
from mailtrip.clock import SystemClock
from mailtrip.model import Monitor, Run

if TYPE_CHECKING:
    from mailtrip.web.csv_import import Outcome
    from mailtrip.web.import_view import Line

__all__ = ["command"]

_IMPORT_SETTINGS = (*STORE_SETTINGS, "allow_networks", "deny_networks", "allow_ports")
"""What decides which monitors are taken, besides where they are kept."""

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group("monitor")
def command() -> None:
    """Look at the monitors, and make many at once."""


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


@command.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would be made, and what is wrong.")
@ACCOUNT
@setting_options(_IMPORT_SETTINGS)
def import_(
    *, file: BinaryIO, is_dry: bool, account: str | None, config_file: Path | None, **options: object
) -> int | None:
    """Make the monitors of a CSV file (- is standard input), all of them or none.

    The first row names the columns. Exit code 1 tells that a line is wrong and that nothing was made.
    """
    from mailtrip.bootstrap.networks import make_policy
    from mailtrip.bootstrap.storage import open_storage
    from mailtrip.web.csv_import import NotKept, make_all

    lines = _read_lines(file)
    settings, clock = load_configuration(config_file, options).settings, SystemClock()
    with open_storage(settings, clock=clock) as storage:
        work = partial(
            make_all,
            actor=operator_in(storage.database, account),
            lines=lines,
            secrets=storage.key_ring,
            now=clock.now(),
            policy=make_policy(settings),
            is_dry=is_dry,
        )
        try:
            storage.database.write(work)
        except NotKept as found:
            return _show_not_kept(found.outcomes)
    for line in lines:
        click.echo(f"Made: {line.entries['name']}")
    return None


def _read_lines(file: BinaryIO) -> "Sequence[Line]":
    from mailtrip.web.import_view import read_lines

    try:
        return read_lines(file.read().decode())
    except UnicodeDecodeError:
        raise click.ClickException("The file is not in UTF-8. Save it as CSV in UTF-8.") from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _show_not_kept(outcomes: "Sequence[Outcome]") -> int:
    """Each line that is wrong, or all that would be made; the exit code."""
    faulty = [outcome for outcome in outcomes if outcome.faults]
    for outcome in faulty:
        for text in outcome.faults:
            click.echo(f"Line {outcome.line.number} ({outcome.line.entries['name']}): {text}", err=True)
    if faulty:
        click.echo(f"{len(faulty)} of {len(outcomes)} lines can't be imported, so nothing is.", err=True)
        return EXIT_FAILURE
    for outcome in outcomes:
        click.echo(f"Would be made: {outcome.line.entries['name']}")
    return 0


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
