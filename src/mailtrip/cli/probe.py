"""`mailtrip probe`: round trips and checks without any service, watched as they happen."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from mailtrip.cli.passwords import PasswordSource, read_passwords
from mailtrip.config import find_environment_faults
from mailtrip.model import Credentials, MailProtocol, Mechanism, MonitorSettings, MonitorType, TLSMode

__all__ = ["command"]

_EXAMPLE = """\b
For example:
  mailtrip probe --smtp smtps://mail.example.com --mailbox imaps://mail.example.com --to me@example.com
  mailtrip probe --smtp smtps://mail.example.com
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
@click.option("--smtp", metavar="URL", help="Where to submit: smtp://HOST[:PORT] or smtps://HOST[:PORT].")
@click.option("--smtp-username", metavar="NAME", help="Log in to submit; without it, nobody logs in.")
@click.option(
    "--smtp-password-file", metavar="FILE", help="Its password; - is standard input. [MAILTRIP_SMTP_PASSWORD]"
)
@click.option("--smtp-auth", type=_MECHANISMS, default="auto", show_default=True, help="How to log in to submit.")
@click.option("--smtp-tls", type=_TLS_MODES, default="auto", show_default=True, help="How submission is encrypted.")
@click.option("--mailbox", metavar="URL", help="Where to look: imaps://HOST, imap://, pop3s:// or pop3://.")
@click.option("--username", metavar="NAME", help="Log in to the mailbox; without it, as the address of --to.")
@click.option("--password-file", metavar="FILE", help="Its password; - is standard input. [MAILTRIP_PASSWORD]")
@click.option(
    "--mailbox-auth", type=_MECHANISMS, default="auto", show_default=True, help="How to log in to the mailbox."
)
@click.option("--mailbox-tls", type=_TLS_MODES, default="auto", show_default=True, help="How the mailbox is encrypted.")
@click.option("--to", metavar="ADDRESS", help="Whom to send to; without it, one server is checked and nothing sent.")
@click.option("--from", "sender", metavar="ADDRESS", help="Whom to send as; without it, the address of --to.")
@click.option(
    "--tls-ca",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A PEM file of CAs to trust instead of the system's.",
)
@click.option("--no-tls-verify", is_flag=True, help="Report a certificate that does not verify, but go on.")
@click.option("--timeout", type=_SECONDS, default=120, show_default=True, metavar="SECONDS", help="The whole trip's.")
@click.option(
    "--warning-time", type=_SECONDS, metavar="SECONDS", help="A delivery, or an answer, slower than this is a warning."
)
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
    """Make a round trip now: send a message, see it arrive, delete it. Or check one server.

    With --smtp, --mailbox and --to a round trip is made. With --smtp or --mailbox alone that server is checked: connection,
    TLS, greeting, and login if a user name is given; nothing is sent and no message touched.

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

    type_ = _type(options)
    settings = MonitorSettings(
        type=type_,
        name="mailtrip probe",
        plan_code="",
        email=options["to"] or "",
        sender=options["sender"],
        smtp_server=options["smtp"] or "",
        smtp_tls=TLSMode(options["smtp_tls"]),
        smtp_username=options["smtp_username"],
        smtp_mechanism=Mechanism(options["smtp_auth"]),
        mailbox_protocol=_mailbox_protocol(options["mailbox"]) if options["mailbox"] else MailProtocol.POP3,
        mailbox_server=options["mailbox"] or "",
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


def _type(options: dict[str, Any]) -> MonitorType:
    """A round trip, or the check of the one server that is named."""
    smtp, mailbox, recipient = options["smtp"], options["mailbox"], options["to"]
    if recipient is not None:
        if smtp is None or mailbox is None:
            raise click.UsageError(
                "--to: a round trip needs --smtp and --mailbox too; leave it out to check one server"
            )
        return MonitorType.ROUND_TRIP
    if smtp is not None and mailbox is not None:
        raise click.UsageError("--to: is missing; give it for a round trip, or one of --smtp and --mailbox for a check")
    if smtp is None and mailbox is None:
        raise click.UsageError("Missing option '--smtp' or '--mailbox'")
    if options["sender"] is not None:
        raise click.UsageError("--from: nothing is sent without --to")
    if smtp is not None:
        return MonitorType.SMTP
    return MonitorType.POP3 if _mailbox_protocol(mailbox) is MailProtocol.POP3 else MonitorType.IMAP


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
) -> tuple[Credentials | None, Credentials | None]:
    """The logins for mailbox and submission; None where nobody is to log in."""
    mailbox = _Login("--username", settings.username or settings.email, settings.mailbox_mechanism)
    smtp = _Login("--smtp-username", settings.smtp_username, settings.smtp_mechanism)
    sources = {
        mailbox: PasswordSource(
            prompt=f"Mailbox password of {mailbox.username}",
            option="--password-file",
            file=password_file,
            variable="MAILTRIP_PASSWORD",
        ),
        smtp: PasswordSource(
            prompt=f"SMTP password of {smtp.username}",
            option="--smtp-password-file",
            file=smtp_password_file,
            variable="MAILTRIP_SMTP_PASSWORD",
        ),
    }
    for login, source in sources.items():
        if not login.username and source.file is not None:
            raise click.UsageError(f"{source.option}: nobody is to log in; say who with {login.option}")
    wanted = [login for login in sources if login.username]
    passwords = dict(zip(wanted, read_passwords([sources[login] for login in wanted]), strict=True))
    return mailbox.with_password(passwords.get(mailbox)), smtp.with_password(passwords.get(smtp))


@dataclass(frozen=True, slots=True)
class _Login:
    """Who is to log in, and the option that says so; nobody without a name."""

    option: str
    username: str | None
    mechanism: Mechanism

    def with_password(self, password: str | None) -> Credentials | None:
        if not self.username or password is None:
            return None
        return Credentials(username=self.username, password=password, mechanism=self.mechanism)
