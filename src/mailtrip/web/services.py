"""What the dashboard is given to work with; `bootstrap` fills it in, tests fill in their own."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final, Protocol

from mailtrip.clock import Clock
from mailtrip.errors import Fault
from mailtrip.model import Actor, MonitorType, NetworkPolicy, Run
from mailtrip.model.discovery import DomainRecords
from mailtrip.model.tally import Size
from mailtrip.service.call_limits import CallLimits
from mailtrip.service.health import Health
from mailtrip.service.installation import KeptFor
from mailtrip.service.live_runs import LiveSteps
from mailtrip.service.logins import Logins
from mailtrip.service.ports import DatabasePort, RunQueue, Secrets
from mailtrip.service.trials import Trials
from mailtrip.store import Connection
from mailtrip.web.assets import Assets
from mailtrip.web.status_cache import StatusCache

__all__ = ["REPORTS", "AccountLogin", "ForeignMonitor", "ReadReport", "WebServices"]

REPORTS: Final = ("availability", "response-time", "sla", "outages")
"""The reports that there are as CSV."""


class ReadReport(Protocol):
    """Reads a report; raises `NotFound` of monitors that are not there, `InvalidInput` when it would be too large."""

    def __call__(
        self,
        name: str,
        connection: Connection,
        actor: Actor,
        *,
        monitor_ids: Collection[int] | None,
        since: datetime,
        until: datetime,
        bucket: Size,
        zone: tzinfo,
    ) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLogin:
    """How to get into an account at an API of AlertSite.

    Attributes:
        url: of the API, with its version.
        token: an access token, in place of user name and password.
    """

    url: str
    username: str
    password: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignMonitor:
    """A monitor of another account, as one of ours would be.

    Attributes:
        changes: settings by name.
        faults: what of it can't be read, in words of the API.
    """

    type: MonitorType
    changes: Mapping[str, object]
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """Everything a page may use.

    Attributes:
        new_token: makes the token of a test run's message.
        queue: told of each test run that was ordered, after its row is committed.
        logins: the same that the API has, so that guesses are counted together.
        call_limits: likewise.
        live_steps: the steps so far of a test that is under way, None of another run; raises `Unavailable`.
        health: how the service is; raises `Unavailable` when the engine does not say.
        kept_for: how long things are kept, by the settings.
        report_csv: a report of `REPORTS` as CSV.
        run_json: a run, whole, as the API shows it.
        find_records: what DNS says of the domain of a mail address.
        policy: where monitors may connect.
        trials: of monitors before they are saved.
        read_account: the monitors of another account as its API shows them; raises InvalidInput and RateLimited.
        read_foreign: one of them, read for ours; raises InvalidInput for what is no monitor that there is here.
        alert_relay: the host that takes alerts sent by mail; None where they can't be sent.
        assets: styles, scripts and pictures, built before.
        body_seconds: how long a client may take to send a form.
        status_pages: what is shown to the public, kept for a moment.
    """

    database: DatabasePort
    secrets: Secrets = field(repr=False)
    new_token: Callable[[], str]
    queue: RunQueue
    clock: Clock
    logins: Logins
    version: str
    live_steps: Callable[[int], Awaitable[LiveSteps]]
    health: Callable[[], Awaitable[Health]]
    kept_for: KeptFor
    report_csv: ReadReport
    run_json: Callable[[Run], bytes]
    find_records: Callable[[str], Awaitable[DomainRecords]]
    policy: NetworkPolicy
    trials: Trials
    read_account: Callable[[AccountLogin], Awaitable[Sequence[Mapping[str, object]]]]
    read_foreign: Callable[[Mapping[str, object]], ForeignMonitor]
    alert_relay: str | None = None
    call_limits: CallLimits = field(default_factory=CallLimits)
    assets: Assets = field(default_factory=Assets.load)
    body_seconds: float = 30.0
    status_pages: StatusCache = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "status_pages", StatusCache(self.clock.monotonic))
