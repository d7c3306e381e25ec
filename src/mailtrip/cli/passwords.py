"""Where a password comes from: a file, standard input, the environment or a prompt; never the command line."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

__all__ = ["PasswordSource", "read_new_password", "read_passwords"]

_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSource:
    """One password that a command needs.

    Attributes:
        prompt: what to ask for, for example `Password of me@example.com`.
        option: its file option, for example `--password-file`.
        file: what that option was given; `-` is standard input, None is not given.
        variable: the environment variable; the same with `_FILE` names a file.
    """

    prompt: str
    option: str
    file: str | None
    variable: str


def read_passwords(sources: Sequence[PasswordSource]) -> list[str]:
    """The password of each source: from its file option, its variable, its file variable, or a prompt on a terminal.

    Raises:
        click.UsageError: it can't be had in any of these ways; the text says what to type.
    """
    if sum(source.file == "-" for source in sources) > 1:
        options = " and ".join(source.option for source in sources)
        raise click.UsageError(f"{options}: only one of them can read standard input (-); give the other one a file")
    return [_read_password(source) for source in sources]


def read_new_password(prompt: str, file: str | None) -> str:
    """A password to be set: from a file, from standard input (`-`), or asked for twice on a terminal.

    Raises:
        click.UsageError: there is no file and no terminal, or the file can't be used.
    """
    if file is not None:
        return _read_file(file, "--password-file")
    if not sys.stdin.isatty():
        raise click.UsageError("no password: give --password-file FILE, or --password-file - for standard input")
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt="The same again", err=True))


def _read_password(source: PasswordSource) -> str:
    if source.file is not None:
        return _read_file(source.file, source.option)
    if value := os.environ.get(source.variable):
        return value
    if path := os.environ.get(f"{source.variable}_FILE"):
        return _read_file(path, f"{source.variable}_FILE")
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{source.prompt}: not given; use {source.option} FILE, {source.option} - for standard input, "
            f"{source.variable} or {source.variable}_FILE"
        )
    return str(click.prompt(source.prompt, hide_input=True, err=True))


def _read_file(name: str, named_by: str) -> str:
    """The first line of a file, or of standard input for `-`, without its line end."""
    try:
        if name == "-":
            line = sys.stdin.readline(_LONGEST)
        else:
            with Path(name).expanduser().open(encoding="utf-8") as file:
                line = file.readline(_LONGEST)
    except OSError as exc:
        raise click.UsageError(f"{named_by}: {name} cannot be read ({exc.strerror})") from exc
    except UnicodeDecodeError:
        raise click.UsageError(f"{named_by}: {name} is not UTF-8 text") from None
    password = line.rstrip("\r\n")
    if not password:
        raise click.UsageError(f"{named_by}: {name} has no password in its first line")
    return password
