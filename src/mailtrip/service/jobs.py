"""What a worker is handed: a run, its monitor's settings, and the unsealed credentials."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mailtrip import store
from mailtrip.model import Credentials, Mechanism, MonitorSettings, Run
from mailtrip.service.ports import Secrets
from mailtrip.store import Connection

__all__ = ["RunJob", "load", "make"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """All that a run needs. The passwords in it don't show in `repr`.

    Attributes:
        resumes: the program ended while the run was under way: its message is looked for, and never sent again.
    """

    run: Run
    settings: MonitorSettings
    resumes: bool = False
    mailbox_credentials: Credentials | None = field(default=None, repr=False)
    smtp_credentials: Credentials | None = field(default=None, repr=False)


def load(connection: Connection, secrets: Secrets, runs: Sequence[Run]) -> list[RunJob]:
    """The jobs of the runs, in their order; a run whose monitor was removed meanwhile is left out.

    Raises:
        ConfigurationError: a password was sealed with another key.
    """
    found = store.monitors.with_secrets(connection, {run.monitor_id for run in runs})
    return [_job(run, secrets, *found[run.monitor_id]) for run in runs if run.monitor_id in found]


def make(run: Run, settings: MonitorSettings, *, password: str | None, smtp_password: str | None) -> RunJob:
    """The job of a run, with the passwords of its mailbox and of its SMTP server; None where there is none."""
    return RunJob(
        run=run,
        settings=settings,
        mailbox_credentials=_credentials(
            settings.username or settings.email or None, password, settings.mailbox_mechanism
        ),
        smtp_credentials=_credentials(settings.smtp_username, smtp_password, settings.smtp_mechanism),
    )


def _job(run: Run, secrets: Secrets, settings: MonitorSettings, sealed: store.monitors.StoredSecrets) -> RunJob:
    return make(
        run,
        settings,
        password=None if sealed.mailbox is None else secrets.unseal(sealed.mailbox),
        smtp_password=None if sealed.smtp is None else secrets.unseal(sealed.smtp),
    )


def _credentials(username: str | None, password: str | None, mechanism: Mechanism) -> Credentials | None:
    if username is None or password is None:
        return None
    return Credentials(username=username, password=password, mechanism=mechanism)
