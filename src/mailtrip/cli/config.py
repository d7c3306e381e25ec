"""`mailtrip config`: which settings are in force, and why."""

import json
from pathlib import Path

import click

from mailtrip.cli.options import SERVICE_SETTINGS, load_configuration, setting_options
from mailtrip.cli.tables import print_table
from mailtrip.config import SETTINGS, Configuration
from mailtrip.model import Provider

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


@command.command("providers")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@setting_options(("providers",))
def providers(*, as_json: bool, config_file: Path | None, **options: object) -> None:
    """Show the mail providers that are known, with their limits, and where these come from."""
    from mailtrip.bootstrap.providers import make_providers

    found = make_providers(load_configuration(config_file, options).settings.providers)
    if as_json:
        click.echo(json.dumps([_document(provider) for provider in found], indent=2))
    else:
        head = ("NAME", "LOGIN GAP", "CONNECTIONS", "PER LOGIN", "MESSAGES", "HOSTS")
        print_table(head, [_limits(provider) for provider in found])


def _document(provider: Provider) -> dict[str, object]:
    return {
        "name": provider.name,
        "hosts": list(provider.hosts),
        "login_gap_seconds": provider.login_gap.total_seconds(),
        "connections": provider.connections,
        "connections_per_login": provider.connections_per_login,
        "messages_per_hour": provider.messages_per_hour,
        "source": provider.source,
    }


def _limits(provider: Provider) -> tuple[str, ...]:
    numbers = (provider.connections, provider.connections_per_login)
    return (
        provider.name,
        f"{provider.login_gap.total_seconds():g} s",
        *("-" if number is None else str(number) for number in numbers),
        "-" if provider.messages_per_hour is None else f"{provider.messages_per_hour}/h",
        ", ".join(provider.hosts),
    )


def _rows(configuration: Configuration) -> list[tuple[str, str | int | None, str]]:
    return [
        (
            setting.name,
            setting.show(getattr(configuration.settings, setting.name)),
            configuration.origins[setting.name],
        )
        for setting in SETTINGS
    ]
