"""How fast the API answers: with 10,000 monitors stored and at work, beside bare FastAPI routes with the same model."""

import http.client
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from children import Child
from figures import percentile
from mailtrip.bootstrap.storage import Storage
from mailtrip.model import Role
from mailtrip.service import tokens, users
from mailtrip.service.password_hash import hash_password
from scenery import PASSWORD
from servers import ServerProcess
from service_process import OPERATOR, SETTINGS, databases, make_monitors, running_service, storage_of
from tables import Findings, Table, Target

__all__ = ["APIPlan", "measure"]

_MOST_TIMES = 3.0
_MOST_MS = 50.0
_EMAIL = "bench@example.com"
_FIRST_ID = 100_001
_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class APIPlan:
    """How many monitors there are, and how often each call is made.

    Attributes:
        rounds: calls of each kind, to one and to the other, take turns in so many blocks.
        settle_seconds: from the service's start until calls count.
    """

    monitors: int = 10_000
    calls: int = 600
    lists: int = 60
    listed: int = 1000
    rounds: int = 6
    settle_seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One kind of call; `path` and `body` are of the call with this number."""

    name: str
    method: str
    path: Callable[[int], str]
    body: Callable[[int], Mapping[str, object] | None]
    times: int


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds of calls of one kind, in blocks that took turns.

    Attributes:
        stored: of the bare routes over the same database.
        kept: of the bare routes over the memory of their process.
    """

    ours: list[list[float]] = field(default_factory=list)
    stored: list[list[float]] = field(default_factory=list)
    kept: list[list[float]] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """To the bare routes over the same database."""
        return _ratio(self.ours, self.stored)

    @property
    def ratio_to_memory(self) -> float:
        """To the bare routes over memory."""
        return _ratio(self.ours, self.kept)


def _ratio(ours: list[list[float]], theirs: list[list[float]]) -> float:
    """The median of the blocks' own ratios of p50: what slows the machine down slows both down."""
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(percentile(one, 0.5) / percentile(other, 0.5) for one, other in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """What was seen of one service.

    Attributes:
        first_list: seconds of the first list, of which nothing was written before.
    """

    first_list: float
    times: Mapping[str, _Times]


def measure(plan: APIPlan) -> Findings:
    """Milliseconds from a request's first byte to its answer's last, one request at a time over one connection."""
    with ServerProcess(core=None) as server:
        watched = {database: _watch(plan, server, url) for database, url in databases()}
    took = {(call, name): times for name, seen in watched.items() for call, times in seen.times.items()}
    first = " and ".join(f"{seen.first_list * 1000:.0f} ms ({name})" for name, seen in watched.items())
    return Findings(
        part="api",
        tables=(
            Table(
                title=f"Answers of the API with {plan.monitors:,} monitors at work, ms, p50 / p99",
                columns=("call", "Mailtrip", "bare, same database", "ratio of p50", "bare, in memory", "ratio of p50"),
                rows=tuple(_row(f"{call}, {name}", times) for (call, name), times in took.items()),
            ),
        ),
        targets=tuple(_targets(took)),
        facts=(
            (
                f"{plan.calls} calls each ({plan.lists} lists of {plan.listed:,}), in {plan.rounds} blocks that take turns; "
                "the ratio is the median of the blocks' own."
            ),
            (
                "Meanwhile the service makes its runs, 33 a second with two TLS handshakes each; the bare routes know no "
                "tokens, roles, tags or audit log and have nothing else to do, but share the machine's two cores with all "
                "of this. Those over the same database have a table of their own there and make one statement a request."
            ),
            f"The first list after a start, of which nothing was written before, took {first}; it does not count above.",
        ),
    )


def _targets(took: Mapping[tuple[str, str], _Times]) -> Iterator[Target]:
    for (call, name), times in took.items():
        yield Target(
            text=f"{call}, {name}, p50 against bare FastAPI on it", measured=times.ratio, bound=_MOST_TIMES, unit=" x"
        )
        slow = percentile([*itertools.chain(*times.ours)], 0.99)
        yield Target(text=f"{call}, {name}, p99", measured=slow * 1000, bound=_MOST_MS, unit=" ms")


def _row(name: str, times: _Times) -> tuple[str, ...]:
    stored, kept = f"{times.ratio:.1f}", f"{times.ratio_to_memory:.1f}"
    return name, _two(times.ours), _two(times.stored), stored, _two(times.kept), kept


def _two(blocks: list[list[float]]) -> str:
    seconds = [*itertools.chain(*blocks)]
    return " / ".join(f"{percentile(seconds, share) * 1000:.1f}" for share in (0.5, 0.99))


def _watch(plan: APIPlan, server: ServerProcess, url: str | None) -> _Watched:
    with tempfile.TemporaryDirectory(prefix="mailtrip-bench-") as folder:
        values = SETTINGS | {"data_dir": folder} | ({"database": url} if url else {})
        make_monitors(plan.monitors, server, values)
        with storage_of(values) as storage:
            token = _log_in(storage)
        with running_service(values) as (_, port):
            ours = _Caller(port, "/api/v3", {"Authorization": f"Bearer {token}"})
            sample = json.loads(ours.call("GET", f"/monitors/{_FIRST_ID}", None))
            task = {"sample": sample, "count": plan.listed, "url": None}
            stored_at = url or f"sqlite:///{folder}/mailtrip.db"
            with Child("bare_api.py", task) as kept, Child("bare_api.py", task | {"url": stored_at}) as stored:
                bare = [_Caller(child.hear(_SECONDS)["port"], "", {}) for child in (stored, kept)]
                time.sleep(plan.settle_seconds)
                began = time.perf_counter()
                ours.call("GET", f"/monitors?limit={plan.listed}", None)
                first_list = time.perf_counter() - began
                return _Watched(first_list=first_list, times=_compare(plan, ours, *bare))


def _log_in(storage: Storage) -> str:
    now = datetime.now(UTC)
    hashed = hash_password(PASSWORD)

    def make(connection: Any) -> str:
        users.add(connection, OPERATOR, email=_EMAIL, password=hashed, role=Role.ADMIN, now=now)
        return tokens.log_in(connection, email=_EMAIL, password=PASSWORD, now=now)

    return storage.database.write(make)


def _calls(plan: APIPlan) -> list[_Call]:
    def one(number: int) -> int:
        return number * 7 % min(plan.listed, plan.monitors)

    return [
        _Call(
            name="GET a monitor",
            method="GET",
            path=lambda n: f"/monitors/{one(n)}",
            body=lambda _: None,
            times=plan.calls,
        ),
        _Call(
            name="PATCH a monitor",
            method="PATCH",
            path=lambda n: f"/monitors/email-round-trip/{one(n)}",
            body=lambda n: {"note": f"note {n}"},
            times=plan.calls,
        ),
        _Call(
            name=f"list of {plan.listed:,}",
            method="GET",
            path=lambda _: f"/monitors?limit={plan.listed}",
            body=lambda _: None,
            times=plan.lists,
        ),
    ]


def _compare(plan: APIPlan, ours: "_Caller", stored: "_Caller", kept: "_Caller") -> dict[str, _Times]:
    calls = _calls(plan)
    times = {call.name: _Times() for call in calls}
    numbers = {call.name: itertools.count() for call in calls}
    for _, call in itertools.product(range(plan.rounds), calls):
        block = [next(numbers[call.name]) for _ in range(max(1, call.times // plan.rounds))]
        times[call.name].ours.append([_time(ours, call, number, _FIRST_ID) for number in block])
        times[call.name].stored.append([_time(stored, call, number, 0) for number in block])
        times[call.name].kept.append([_time(kept, call, number, 0) for number in block])
    return times


def _time(caller: "_Caller", call: _Call, number: int, first: int) -> float:
    """How long a call takes, in seconds; `first` is the number of the first monitor."""
    path = call.path(number)
    head, _, last = path.rpartition("/")
    target = f"{head}/{int(last) + first}" if last.isdigit() else path
    began = time.perf_counter()
    caller.call(call.method, target, call.body(number))
    return time.perf_counter() - began


class _Caller:
    """One connection that is kept."""

    def __init__(self, port: int, prefix: str, headers: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
        self._prefix = prefix
        self._headers = {**headers, "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Mapping[str, object] | None) -> bytes:
        """The answer's body; RuntimeError for any other answer than 200."""
        content = None if body is None else json.dumps(body)
        self._connection.request(method, self._prefix + path, content, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:200]!r}")
        return answer
