"""The dashboard on a real web server with a database of its own, and what is in it: monitors in each state, with runs."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tests.api.harness import OPERATOR, PASSWORD, Queue
from tests.contract.store.builders import make_monitor
from tests.contract.store.builders import result as make_result

from mailtrip.api import Services, create_app
from mailtrip.bootstrap.front import make_web_services
from mailtrip.bootstrap.web import WebServer
from mailtrip.errors import Unavailable
from mailtrip.model import (
    Access,
    MonitorAccess,
    NetworkPolicy,
    Result,
    Role,
    RunKind,
    RunState,
    Sighting,
    StatusCode,
    Step,
    Verdict,
)
from mailtrip.model.discovery import DomainRecords
from mailtrip.service import runs, users
from mailtrip.service.call_limits import CallLimits, Rate
from mailtrip.service.health import Health
from mailtrip.service.installation import KeptFor
from mailtrip.service.jobs import RunJob
from mailtrip.service.live_runs import LiveRuns, LiveSteps
from mailtrip.service.login_limiter import LoginLimiter
from mailtrip.service.runs import FinishedRun, PlannedRun
from mailtrip.service.secrets import KeyRing
from mailtrip.service.trials import Trials
from mailtrip.store import Database
from mailtrip.testing.clock import FakeClock
from mailtrip.testing.engine import make_tokens
from mailtrip.web import Dashboard
from mailtrip.web.assets import Assets
from mailtrip.web.events import Events

__all__ = ["ADMIN_EMAIL", "INTERVAL", "LIMITED_EMAIL", "NOW", "PASSWORD", "WebService", "add_runs", "seed", "serve"]

NOW = datetime(2026, 3, 3, 10, 30, tzinfo=UTC)
ADMIN_EMAIL = "admin@example.com"
LIMITED_EMAIL = "limited@example.com"
INTERVAL = timedelta(minutes=5)
KEPT_FOR = KeptFor(
    runs=timedelta(days=400),
    good_transcripts=timedelta(days=7),
    bad_transcripts=timedelta(days=90),
    audit=timedelta(days=400),
)


@dataclass
class WebService:
    """What a test can reach of the server that it looks at."""

    url: str
    database: Database
    clock: FakeClock
    queue: Queue
    dashboard: Dashboard
    limiter: LoginLimiter
    keys: KeyRing
    live_runs: LiveRuns
    health: "HealthSource"
    records: dict[str, DomainRecords]
    trials: Trials
    trial_jobs: list[RunJob]
    monitor_ids: dict[str, int] = field(default_factory=dict)


@contextmanager
def serve(
    folder: Path,
    *,
    start: datetime = NOW,
    assets: Assets | None = None,
    most_calls: int | None = None,
    most_streams: int = 100,
    policy: NetworkPolicy | None = None,
) -> Iterator[WebService]:
    """A server with an administrator and without monitors; told so, it takes so many calls of an address at once."""
    clock = FakeClock(start)
    database = Database.open(f"sqlite:///{folder / 'mailtrip.db'}", clock=clock)
    hashed = users.hash_password(PASSWORD)
    add = partial(users.add, actor=OPERATOR, email=ADMIN_EMAIL, password=hashed, role=Role.ADMIN, now=clock.now())
    database.write(add)
    queue = Queue()
    health = HealthSource()
    keys = KeyRing.generate()
    services = Services(
        database=database,
        secrets=keys,
        new_token=make_tokens(),
        queue=queue,
        clock=clock,
        limiter=LoginLimiter(),
        health=health,
        version="1.2.3",
        policy=policy or NetworkPolicy(),
        call_limits=CallLimits(by_address=Rate(per_second=1, burst=most_calls) if most_calls else None),
    )
    live_runs = LiveRuns(clock)

    async def live_steps(run_id: int) -> LiveSteps:
        return live_runs.steps_of(run_id)

    records: dict[str, DomainRecords] = {}

    async def find_records(domain: str) -> DomainRecords:
        return records.get(domain, DomainRecords())

    trial_jobs: list[RunJob] = []
    trials = Trials(clock, trial_jobs.append)
    parts = make_web_services(services, live_steps, KEPT_FOR, trials)
    dashboard = Dashboard(
        replace(parts, assets=assets or parts.assets, find_records=find_records),
        events=Events(most=most_streams, every_seconds=0.2),
    )
    server = WebServer(create_app(services, site=dashboard))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield WebService(
            url,
            database,
            clock,
            queue,
            dashboard,
            services.limiter,
            keys,
            live_runs,
            health,
            records,
            trials,
            trial_jobs,
        )
        dashboard.stop()
        server.should_exit = True
        thread.join(10)
    database.close()


def seed(service: WebService, *, count: int = 90) -> None:
    """Monitors in each state with `count` runs each, three of them failing for one reason, and a user who sees one."""
    good, names = _delivered, service.monitor_ids
    for name, host, failures in (
        ("Head office", "mail.example.com", 7),
        ("Support desk", "mail.example.com", 6),
        ("Orders", "mail.example.com", 7),
    ):
        bad = [_refused_login(host)] * failures
        names[name] = _monitor(service, name, host, [*(good(number) for number in range(count - failures)), *bad])
    names["Newsletter"] = _monitor(
        service, "Newsletter", "mx.example.net", [*(good(number) for number in range(count - 1)), _spam()]
    )
    names["Branch with a long name, in Villar Perosa near Pinerolo"] = _monitor(
        service,
        "Branch with a long name, in Villar Perosa near Pinerolo",
        "mailserver-with-a-very-long-name.branch-office.example.org",
        [*(good(number) for number in range(count - 2)), _slow(), _slow()],
    )
    for name in ("Accounting", "Invoices", "Shop"):
        names[name] = _monitor(service, name, "mx.example.net", [good(number) for number in range(count)])
    names["Not run yet"] = _monitor(service, "Not run yet", "new.example.net", [])
    names["Paused for a move"] = _monitor(
        service, "Paused for a move", "old.example.net", [good(number) for number in range(count)], enabled=False
    )
    access = MonitorAccess(default=Access.NONE, view=frozenset({names["Shop"]}))
    changes = {"email": LIMITED_EMAIL, "role": Role.USER, "access": access}
    hashed = users.hash_password(PASSWORD)
    service.database.write(
        partial(users.create, actor=OPERATOR, changes=changes, password=hashed, now=service.clock.now())
    )


def add_runs(service: WebService, monitor_id: int, results: Sequence[Result], *, end: datetime | None = None) -> None:
    """Planned runs, the last of them at `end`."""
    last = end or service.clock.now() - timedelta(minutes=1)
    slots = [last - INTERVAL * (len(results) - 1 - place) for place in range(len(results))]
    planned = [
        PlannedRun(account_id=1, monitor_id=monitor_id, location_id=10, slot=slot, kind=RunKind.SCHEDULED)
        for slot in slots
    ]
    claimed = service.database.write(partial(runs.claim, planned=planned, now=last))
    found = [
        FinishedRun(run_id=run.id, result=replace(result, started_at=run.slot))
        for run, result in zip(sorted(claimed, key=lambda run: run.slot), results, strict=True)
    ]
    service.database.write(partial(runs.finish, finished=found))
    assert {run.state for run in claimed} <= {RunState.RUNNING}


def _monitor(service: WebService, name: str, host: str, results: Sequence[Result], *, enabled: bool = True) -> int:
    word = name.split(maxsplit=1)[0].lower()
    monitor_id = make_monitor(
        service.database,
        now=service.clock.now(),
        name=name,
        email=f"{word}@{host.partition('.')[2]}",
        smtp_server=f"smtps://{host}",
        mailbox_server=f"pop3s://{host}",
        interval=INTERVAL,
        enabled=enabled,
    )
    if results:
        add_runs(service, monitor_id, results)
    return monitor_id


def _delivered(number: int) -> Result:
    seconds = 1.2 + (number * 37 % 11) / 20
    sighting = Sighting(not_before=timedelta(seconds=seconds - 0.1), not_after=timedelta(seconds=seconds))
    summary = f"Delivered in {seconds:.2f} s."
    return replace(make_result(), summary=summary, sighting=sighting, duration=timedelta(seconds=seconds + 0.4))


def _slow() -> Result:
    sighting = Sighting(not_before=timedelta(seconds=41), not_after=timedelta(seconds=42))
    summary = "Delivered after 42.0 s, which is slower than the warning time of 30 s."
    return replace(make_result(StatusCode.SLOW, Verdict.SLOW), summary=summary, sighting=sighting, step=Step.WAIT)


def _spam() -> Result:
    sighting = Sighting(not_before=timedelta(seconds=3), not_after=timedelta(seconds=4))
    summary = "Delivered to the spam folder Junk, not to the inbox."
    return replace(
        make_result(StatusCode.SPAM_FOLDER, Verdict.SPAM), summary=summary, sighting=sighting, step=Step.LOOK
    )


def _refused_login(host: str) -> Result:
    summary = f"The mailbox server {host} refused the login: -ERR [AUTH] Authentication failed."
    found = make_result(StatusCode.MAILBOX_LOGIN, Verdict.UNSENT)
    return replace(found, summary=summary, step=Step.MAILBOX_LOGIN)


class HealthSource:
    """Tells how the service is; `answer` None is an engine that does not say."""

    def __init__(self) -> None:
        nothing = timedelta(0)
        self.answer: Health | None = Health(
            database_ok=True,
            runs_in_flight=0,
            results_waiting=0,
            results_dropped=0,
            scheduler_lag=nothing,
            loop_lag=nothing,
            version="1.2.3",
        )

    async def __call__(self) -> Health:
        if self.answer is None:
            raise Unavailable("the engine does not answer")
        return self.answer
