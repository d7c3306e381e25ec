"""`mailtrip demo`: the whole service with a sandbox mail server, to look at."""

from pathlib import Path

import click

from mailtrip.config import SETTINGS, load

__all__ = ["command"]

_LISTEN = next(setting for setting in SETTINGS if setting.name == "listen")


@click.command("demo")
@click.option("--listen", metavar=_LISTEN.metavar, help=f"{_LISTEN.help} A free port when it is taken.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the data here; without it, they are gone at the end.",
)
def command(*, listen: str | None, data_dir: Path | None) -> None:
    """Run the service with a sandbox mail server on this machine, and two monitors that run each minute.

    Nothing is installed, nothing leaves the machine, and Ctrl-C ends it all. It takes no settings from elsewhere.
    """
    from tempfile import TemporaryDirectory

    from mailtrip.bootstrap.logs import configure_logging
    from mailtrip.bootstrap.loop import run_async
    from mailtrip.cli.sandbox import demonstrate
    from mailtrip.config import LogFormat, LogLevel

    configure_logging(level=LogLevel.ERROR, log_format=LogFormat.CONSOLE)
    with TemporaryDirectory(prefix="mailtrip-demo-") as temporary:
        folder = str(data_dir or temporary)
        options = {"listen": listen, "data_dir": folder, "allow_networks": "loopback", "allow_ports": "any"}
        run_async(demonstrate(load(options=options, environ={}).settings))
