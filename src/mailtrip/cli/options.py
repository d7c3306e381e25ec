"""Options that several commands share: the settings, each from the one table of settings."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from mailtrip.config import CONFIG_VARIABLE, SETTINGS, Configuration, Setting, load

__all__ = ["SERVICE_SETTINGS", "STORE_SETTINGS", "load_configuration", "setting_options"]

SERVICE_SETTINGS = tuple(setting.name for setting in SETTINGS)
"""What `serve` can be told: everything."""

STORE_SETTINGS = ("data_dir", "database", "secret_key", "log_level", "log_format")
"""What a command needs that only opens the database."""

_Function = TypeVar("_Function", bound=Callable[..., object])


def setting_options(names: Sequence[str]) -> Callable[[_Function], _Function]:
    """Give a command the options of these settings, and `--config`. `load_configuration` takes what was given."""

    def decorate(function: _Function) -> _Function:
        for setting in reversed([setting for setting in SETTINGS if setting.name in names]):
            for option in reversed(_options(setting)):
                function = option(function)
        return _CONFIG_OPTION(function)

    return decorate


_CONFIG_OPTION = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"A TOML file with settings. [{CONFIG_VARIABLE}]",
)


def _options(setting: Setting) -> list[Callable[[_Function], _Function]]:
    """The options of one setting: for its value, and for a file with its value where it is secret."""
    options: list[Callable[[_Function], _Function]] = []
    if setting.option:
        default = f" [default: {setting.default}]" if setting.default and "{" not in setting.default else ""
        options.append(
            click.option(
                setting.option,
                setting.name,
                metavar=setting.metavar,
                help=f"{setting.help} [{setting.variable}]{default}",
            )
        )
    if setting.file_option and setting.file_key:
        about = "A file with that setting." if setting.option else f"A file with the secret. {setting.help}"
        options.append(
            click.option(
                setting.file_option, setting.file_key, metavar="FILE", help=f"{about} [{setting.file_variable}]"
            )
        )
    return options


def load_configuration(config_file: Path | None, options: dict[str, object]) -> Configuration:
    """The settings from the given options and all other sources.

    Raises:
        ConfigurationError: one line for each fault.
    """
    return load(options=options, environ=os.environ, config_file=config_file)
