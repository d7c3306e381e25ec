"""`mailtrip serve`: the service."""

from pathlib import Path

import click

from mailtrip.cli.options import SERVICE_SETTINGS, load_configuration, setting_options

__all__ = ["command"]


@click.command("serve")
@setting_options(SERVICE_SETTINGS)
def command(*, config_file: Path | None, **options: object) -> None:
    """Run the service: it makes the runs of all monitors and answers the API. Ctrl-C or SIGTERM stops it.

    With a certificate of its own, SIGHUP has it read that anew.
    """
    from mailtrip.bootstrap.listening import bind
    from mailtrip.bootstrap.logs import configure_logging
    from mailtrip.bootstrap.loop import run_async
    from mailtrip.bootstrap.open_files import files_needed, raise_file_limit
    from mailtrip.bootstrap.storage import open_storage
    from mailtrip.bootstrap.tls import make_tls
    from mailtrip.cli.serving import serve
    from mailtrip.clock import SystemClock
    from mailtrip.service import users

    settings = load_configuration(config_file, options).settings
    configure_logging(level=settings.log_level, log_format=settings.log_format)
    raise_file_limit(files_needed(settings))
    clock = SystemClock()
    make_tls(settings, clock=clock)  # says what is wrong with it before anything is started
    with bind(settings.listen) as listening, open_storage(settings, clock=clock) as storage:
        if not storage.database.read(users.count_all):
            click.echo("Nobody can log in yet. Make the first admin: mailtrip user add you@example.com --role admin")
        run_async(serve(settings, storage, listening, clock=clock))
