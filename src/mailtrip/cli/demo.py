"""`mailtrip demo`: the whole service with a sandbox mail server, to look at."""

from pathlib import Path

import click

from mailtrip.config import SETTINGS, load

__all__ = ["command"]

_SETTINGS = {"allow_networks": "loopback", "allow_ports": "any", "log_level": "error", "log_format": "console"}
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

    with TemporaryDirectory(prefix="mailtrip-demo-") as temporary:
        folder = str(data_dir or temporary)
        options = {"listen": listen, "data_dir": folder} | _SETTINGS
        settings = load(options=options, environ={}).settings
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        run_async(demonstrate(settings))
