"""The command `mailtrip` itself: its sub-commands, and how every failure becomes a line of text and an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

import mailtrip
from mailtrip.cli.exits import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE
from mailtrip.errors import MailtripError

__all__ = ["main", "run"]

_COMMANDS = ("probe", "serve", "demo", "user", "token", "account", "monitor", "audit", "db", "config")
"""In the order of the help text; each is a module here with a command of that name."""


class _LazyGroup(click.Group):
    """A group that imports the module of a command when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in _COMMANDS:
            raise click.exceptions.NoSuchCommand(cmd_name, possibilities=_COMMANDS, ctx=ctx)
        command = import_module(f"mailtrip.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"mailtrip.cli.{cmd_name}.command is no command")
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(mailtrip.__version__, message="mailtrip %(version)s")
def _mailtrip() -> None:
    """Sends a message, sees it arrive, and says what became of it."""


def main() -> NoReturn:
    """The console script: runs the command line and ends the process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        The exit code: 0 when all went well, 64 for wrong usage, 130 after Ctrl-C, 1 for what the operator has to
        correct; a command may have codes of its own.
    """
    try:
        outcome: object = _mailtrip.main(args=list(arguments), prog_name="mailtrip", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as exc:
        _show_usage_error(exc)
        return EXIT_USAGE
    except click.ClickException as exc:
        exc.show()
        return EXIT_FAILURE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except MailtripError as exc:
        click.echo(f"Error: {exc}", err=True)
        return EXIT_FAILURE
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); Python must not fail again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    return outcome if isinstance(outcome, int) else 0


def _show_usage_error(exc: click.UsageError) -> None:
    exc.show()
    example = getattr(exc.ctx.command, "epilog", None) if exc.ctx is not None else None
    if example and not isinstance(exc, click.exceptions.NoArgsIsHelpError):
        click.echo(f"\n{example}".replace("\b\n", ""), err=True)
