"""`mailtrip probe`: round trips without any service, watched as they happen."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from mailtrip.cli.passwords import PasswordSource, read_passwords
from mailtrip.config import find_environment_faults
from mailtrip.model import Credentials, MailProtocol, Mechanism, MonitorSettings, TLSMode

__all__ = ["command"]

_EXAMPLE = """\b
For example:
  mailtrip probe --smtp smtps://mail.example.com --mailbox imaps://mail.example.com --to me@example.com
"""

_TLS_MODES = click.Choice([str(mode) for mode in TLSMode])
_MECHANISMS = click.Choice([str(mechanism) for mechanism in Mechanism])
_SECONDS = click.FloatRange(min=0.1, max=86400)

_OPTIONS = {
    "email": "--to",
    "sender": "--from",
    "smtp_server": "--smtp",
    "smtp_tls": "--smtp-tls",
    "smtp_username": "--smtp-username",
    "smtp_mechanism": "--smtp-auth",
    "mailbox_server": "--mailbox",
    "mailbox_tls": "--mailbox-tls",
    "username": "--username",
    "mailbox_mechanism": "--mailbox-auth",
    "tls_ca": "--tls-ca",
    "timeout": "--timeout",
    "warning_time": "--warning-time",
}
"""The option that stands for a field of the settings."""


@click.command("probe", epilog=_EXAMPLE)
@click.option(
    "--smtp", required=True, metavar="URL", help="Where to submit: smtp://HOST[:PORT] or smtps://HOST[:PORT]."
)
@click.option("--smtp-username", metavar="NAME", help="Log in to submit; without it, nobody logs in.")
@click.option(
    "--smtp-password-file", metavar="FILE", help="Its password; - is standard input. [MAILTRIP_SMTP_PASSWORD]"
)
@click.option("--smtp-auth", type=_MECHANISMS, default="auto", show_default=True, help="How to log in to submit.")
@click.option("--smtp-tls", type=_TLS_MODES, default="auto", show_default=True, help="How submission is encrypted.")
@click.option(
    "--mailbox", required=True, metavar="URL", help="Where to look: imaps://HOST, imap://, pop3s:// or pop3://."
)
@click.option("--username", metavar="NAME", help="Log in to the mailbox; without it, the address of --to.")
@click.option("--password-file", metavar="FILE", help="Its password; - is standard input. [MAILTRIP_PASSWORD]")
@click.option(
    "--mailbox-auth", type=_MECHANISMS, default="auto", show_default=True, help="How to log in to the mailbox."
)
@click.option("--mailbox-tls", type=_TLS_MODES, default="auto", show_default=True, help="How the mailbox is encrypted.")
@click.option("--to", required=True, metavar="ADDRESS", help="Whom to send to.")
@click.option("--from", "sender", metavar="ADDRESS", help="Whom to send as; without it, the address of --to.")
@click.option(
    "--tls-ca",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A PEM file of CAs to trust instead of the system's.",
)
@click.option("--no-tls-verify", is_flag=True, help="Report a certificate that does not verify, but go on.")
@click.option("--timeout", type=_SECONDS, default=120, show_default=True, metavar="SECONDS", help="The whole trip's.")
@click.option("--warning-time", type=_SECONDS, metavar="SECONDS", help="A delivery slower than this is a warning.")
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="How many trips.")
@click.option(
    "--interval", type=_SECONDS, default=10, show_default=True, metavar="SECONDS", help="From start to start of trips."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a trip on standard output, and nothing else.")
@click.option("--transcript", is_flag=True, help="Show both conversations too; no secret is in them.")
def command(
    *,
    smtp_password_file: str | None,
    password_file: str | None,
    count: int,
    interval: float,
    as_json: bool,
    transcript: bool,
    **options: Any,  # Any: click's values, of the types that the options name
) -> int:
    """Make a round trip now: send a message, see it arrive, delete it.

    Passwords come from a file, from MAILTRIP_PASSWORD and MAILTRIP_SMTP_PASSWORD (each also with _FILE), or are asked
    for. The exit code is 0 for ok, 1 for a warning, 2 for an error, 3 when nothing can be said; the worst of --count
    trips decides. Wrong usage ends with 64.
    """
    from mailtrip.cli.trips import Errand, make_trips

    _check_environment()
    settings = _make_settings(options)
    mailbox, smtp = _ask_credentials(settings, password_file=password_file, smtp_password_file=smtp_password_file)
    errand = Errand(
        settings=settings,
        mailbox_credentials=mailbox,
        smtp_credentials=smtp,
        count=count,
        interval=timedelta(seconds=interval),
    )
    return make_trips(errand, as_json=as_json, with_transcripts=transcript)


def _check_environment() -> None:
    """A misspelt variable must not pass in silence: the password in it would be asked for."""
    faults = list(find_environment_faults(os.environ))
    if faults:
        raise click.UsageError("\n".join(faults))


def _make_settings(options: dict[str, Any]) -> MonitorSettings:
    """The settings of a monitor that would make this trip.

    Raises:
        click.UsageError: one line for each option that is wrong.
    """
    from mailtrip.service.monitor_rules import check

    settings = MonitorSettings(
        name="mailtrip probe",
        plan_code="",
        email=options["to"],
        sender=options["sender"],
        smtp_server=options["smtp"],
        smtp_tls=TLSMode(options["smtp_tls"]),
        smtp_username=options["smtp_username"],
        smtp_mechanism=Mechanism(options["smtp_auth"]),
        mailbox_protocol=_mailbox_protocol(options["mailbox"]),
        mailbox_server=options["mailbox"],
        mailbox_tls=TLSMode(options["mailbox_tls"]),
        username=options["username"],
        mailbox_mechanism=Mechanism(options["mailbox_auth"]),
        tls_verify=not options["no_tls_verify"],
        tls_ca=_read_ca(options["tls_ca"]),
        interval=timedelta(days=1),
        timeout=timedelta(seconds=options["timeout"]),
        warning_time=None if options["warning_time"] is None else timedelta(seconds=options["warning_time"]),
    )
    faults = [f"{_OPTIONS[fault.field]}: {fault.text}" for fault in check(settings) if fault.field in _OPTIONS]
    if faults:
        raise click.UsageError("\n".join(faults))
    return settings


def _mailbox_protocol(url: str) -> MailProtocol:
    match url.partition("://")[0].lower():
        case "imap" | "imaps":
            return MailProtocol.IMAP
        case "pop3" | "pop3s":
            return MailProtocol.POP3
        case _:
            raise click.UsageError(
                f'--mailbox: "{url}" does not say the protocol; write imaps://HOST, imap://HOST, pop3s://HOST or pop3://HOST'
            )


def _read_ca(path: Path | None) -> str | None:
    try:
        return None if path is None else path.read_text(encoding="ascii")
    except OSError as exc:
        raise click.UsageError(f"--tls-ca: {path} cannot be read ({exc.strerror})") from exc
    except UnicodeDecodeError:
        raise click.UsageError(f"--tls-ca: {path} is no PEM file") from None


def _ask_credentials(
    settings: MonitorSettings, *, password_file: str | None, smtp_password_file: str | None
) -> tuple[Credentials, Credentials | None]:
    """The logins for mailbox and submission; the second is None when nobody is to log in there."""
    username = settings.username or settings.email
    sources = [
        PasswordSource(
            prompt=f"Mailbox password of {username}",
            option="--password-file",
            file=password_file,
            variable="MAILTRIP_PASSWORD",
        )
    ]
    if settings.smtp_username is not None:
        sources.append(
            PasswordSource(
                prompt=f"SMTP password of {settings.smtp_username}",
                option="--smtp-password-file",
                file=smtp_password_file,
                variable="MAILTRIP_SMTP_PASSWORD",
            )
        )
    elif smtp_password_file is not None:
        raise click.UsageError("--smtp-password-file: nobody is to log in; say who with --smtp-username")
    passwords = read_passwords(sources)
    mailbox = Credentials(username=username, password=passwords[0], mechanism=settings.mailbox_mechanism)
    if settings.smtp_username is None:
        return mailbox, None
    return mailbox, Credentials(
        username=settings.smtp_username, password=passwords[1], mechanism=settings.smtp_mechanism
    )
