"""What the dashboard costs over the wire: its pages with all that they load, for a browser that was never here before."""

import http.cookiejar
import re
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from mailtrip.model import MailProtocol, Role, RunKind, Sighting
from mailtrip.service import monitors, runs, users
from mailtrip.service.password_hash import hash_password
from mailtrip.service.runs import FinishedRun, PlannedRun
from mailtrip.store import Connection
from part_reports import RESULT
from scenery import PASSWORD
from service_process import INTERVAL, OPERATOR, SETTINGS, running_service, storage_of
from tables import Findings, Table, Target

__all__ = ["PagesPlan", "measure"]

_EMAIL = "bench@example.com"
_MOST_PAGE, _MOST_SCRIPT = 100.0, 60.0
_ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesPlan:
    """`monitors`: on the overview, which shows 50 on a page, with `runs` each, of which a bar shows 90."""

    monitors: int = 50
    runs: int = 90


_Sizes = dict[str, int]
"""Bytes of a page over the wire, by kind: `page`, `css`, `js`, `svg`."""


def measure(plan: PagesPlan) -> Findings:
    """The page to sign in, the overview, and a monitor with its chart."""
    with tempfile.TemporaryDirectory(prefix="mailtrip-bench-") as folder:
        values = SETTINGS | {"data_dir": folder}
        monitor_id = _seed(plan, values)
        with running_service(values) as (_, port):
            visitor = _Visitor(f"http://127.0.0.1:{port}")
            found = {"sign in": visitor.sizes("/sign-in")}
            visitor.sign_in()
            found[f"overview, {plan.monitors} monitors"] = visitor.sizes("/overview")
            found["monitor, with its chart"] = visitor.sizes(f"/monitors/{monitor_id}")
    return _findings(found)


def _findings(found: Mapping[str, _Sizes]) -> Findings:
    kinds = {"page": "HTML", "css": "styles", "js": "scripts", "svg": "icon"}
    rows = tuple(
        (name, *(f"{size / 1000:.1f}" for size in (*(sizes[kind] for kind in kinds), sum(sizes.values()))))
        for name, sizes in found.items()
    )
    pages = (
        Target(text=name, measured=sum(sizes.values()) / 1000, bound=_MOST_PAGE, unit=" kB")
        for name, sizes in found.items()
    )
    script = max(sizes["js"] for sizes in found.values())
    return Findings(
        part="pages",
        tables=(Table(title="kB over the wire", columns=("page", *kinds.values(), "all"), rows=rows),),
        targets=(*pages, Target(text="scripts of a page", measured=script / 1000, bound=_MOST_SCRIPT, unit=" kB")),
    )


class _Visitor:
    """A browser without a cache that takes gzip."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def sign_in(self) -> None:
        page = self._read("/sign-in", takes_gzip=False).decode()
        token = _TOKEN.search(page)
        if token is None:
            raise RuntimeError("the page to sign in has no form")
        form = {"form_token": token[1], "email": _EMAIL, "password": PASSWORD}
        with self._opener.open(f"{self._url}/sign-in", urllib.parse.urlencode(form).encode()) as answer:
            if not answer.url.endswith("/overview"):
                raise RuntimeError(f"signing in led to {answer.url}")

    def sizes(self, path: str) -> _Sizes:
        found = {"page": len(self._read(path)), "css": 0, "js": 0, "svg": 0}
        for asset in set(_ASSET.findall(self._read(path, takes_gzip=False).decode())):
            found[asset.rpartition(".")[2]] += len(self._read(asset))
        return found

    def _read(self, path: str, *, takes_gzip: bool = True) -> bytes:
        request = urllib.request.Request(f"{self._url}{path}")
        if takes_gzip:
            request.add_header("Accept-Encoding", "gzip")
        with self._opener.open(request) as answer:
            body: bytes = answer.read()
            return body


def _seed(plan: PagesPlan, values: Mapping[str, str]) -> int:
    """An administrator, and monitors that are paused, so that nothing connects anywhere; the id of one of them."""
    now = datetime.now(UTC)
    hashed = hash_password(PASSWORD)
    passwords = monitors.Passwords(mailbox=PASSWORD)
    add = partial(users.add, actor=OPERATOR, email=_EMAIL, password=hashed, role=Role.ADMIN, now=now)
    with storage_of(values) as storage:
        storage.database.write(add)
        create = partial(monitors.create, actor=OPERATOR, passwords=passwords, secrets=storage.key_ring, now=now)
        for number in range(plan.monitors):
            monitor_id = storage.database.write(partial(create, changes=_changes(number)))
            storage.database.write(partial(_record, monitor_id=monitor_id, count=plan.runs, now=now))
    return monitor_id


def _changes(number: int) -> dict[str, object]:
    return {
        "name": f"Monitor {number}",
        "plan_code": "BENCH",
        "email": f"probe{number}@example.com",
        "smtp_server": f"smtps://smtp{number}.example.com",
        "mailbox_protocol": MailProtocol.IMAP,
        "mailbox_server": f"imaps://imap{number}.example.com",
        "interval": INTERVAL,
        "enabled": False,
    }


def _record(connection: Connection, monitor_id: int, count: int, now: datetime) -> None:
    """Runs that went well, each with a time of its own."""
    planned = [
        PlannedRun(
            account_id=OPERATOR.account_id,
            monitor_id=monitor_id,
            location_id=10,
            slot=now - INTERVAL * (number + 1),
            kind=RunKind.SCHEDULED,
        )
        for number in range(count)
    ]
    finished = []
    for run in runs.claim(connection, planned, now=now):
        seen = timedelta(milliseconds=900 + run.id * 7919 % 1500)
        sighting = Sighting(not_before=seen - timedelta(milliseconds=100), not_after=seen)
        summary = f"Delivered in {seen.total_seconds():.2f} s."
        result = replace(RESULT, started_at=run.slot, sighting=sighting, duration=seen, summary=summary)
        finished.append(FinishedRun(run_id=run.id, result=result))
    runs.finish(connection, finished)
