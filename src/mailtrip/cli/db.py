"""`mailtrip db`: the database itself."""

from pathlib import Path

import click

from mailtrip.cli.options import STORE_SETTINGS, load_configuration, setting_options

__all__ = ["command"]


@click.group("db")
def command() -> None:
    """Upgrade or back up the database."""


@command.command("upgrade")
@setting_options(STORE_SETTINGS)
def upgrade(*, config_file: Path | None, **options: object) -> None:
    """Bring the database's tables to this program's version; made when there is none.

    `mailtrip serve` does the same at its start.
    """
    from mailtrip.bootstrap.storage import open_database
    from mailtrip.clock import SystemClock

    settings = load_configuration(config_file, options).settings
    with open_database(settings, clock=SystemClock()):
        click.echo("The database is up to date.")


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@setting_options(STORE_SETTINGS)
def backup(*, file: Path, config_file: Path | None, **options: object) -> None:
    """Write a consistent copy of an SQLite database to FILE, which is not there yet; the service may be running.

    Keep the data directory's secret.key with it, or the stored passwords can't be read.
    """
    from mailtrip.bootstrap.storage import open_database
    from mailtrip.clock import SystemClock

    settings = load_configuration(config_file, options).settings
    with open_database(settings, clock=SystemClock(), upgrade=False) as database:
        database.backup(file)
    click.echo(f"Written: {file}")
