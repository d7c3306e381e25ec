"""`mailtrip config`: which settings are in force, and why."""

import json
from pathlib import Path

import click

from mailtrip.cli.options import SERVICE_SETTINGS, load_configuration, setting_options
from mailtrip.cli.tables import print_table
from mailtrip.config import SETTINGS, Configuration

__all__ = ["command"]


@click.group("config")
def command() -> None:
    """Show the settings in force."""


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name -> value and from.")
@setting_options(SERVICE_SETTINGS)
def show(*, as_json: bool, config_file: Path | None, **options: object) -> None:
    """Show each setting, its value and where that came from. Secrets are hidden.

    It takes the options of `mailtrip serve`, so that a command line can be tried out.
    """
    rows = _rows(load_configuration(config_file, options))
    if as_json:
        click.echo(json.dumps({name: {"value": value, "from": origin} for name, value, origin in rows}, indent=2))
    else:
        shown = [(name, "-" if value is None else str(value), origin) for name, value, origin in rows]
        print_table(("SETTING", "VALUE", "FROM"), shown)


def _rows(configuration: Configuration) -> list[tuple[str, str | int | None, str]]:
    return [
        (
            setting.name,
            setting.show(getattr(configuration.settings, setting.name)),
            configuration.origins[setting.name],
        )
        for setting in SETTINGS
    ]
