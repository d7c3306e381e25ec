"""The yardstick of a storm: the shortest program that keeps results, remembers which monitors fail, and tells of it."""

import json
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Column, Float, Integer, MetaData, Table, Text, create_engine, event, insert, text

__all__ = ["BareStorm", "bare_storm"]

_BATCH = 500
_SHOWN = 50
_metadata = MetaData()
_results = Table(
    "bare_results",
    _metadata,
    Column("id", Integer, primary_key=True),
    *(Column(name, Integer) for name in ("monitor_id", "status")),
    Column("at", Float),
    *(Column(name, Text) for name in ("summary", "transcript")),
)
_states = Table("bare_states", _metadata, Column("monitor_id", Integer, primary_key=True), Column("since", Float))


@dataclass(frozen=True, slots=True, kw_only=True)
class BareStorm:
    """CPU seconds of the process until all was recorded, and seconds until it was told."""

    cpu: float
    told: float


def bare_storm(url: str, monitor_ids: Sequence[int], lines: Sequence[str], *, tell: str) -> BareStorm:
    """Keep one bad result of each monitor, 500 in a transaction, and post their number and the first 50 to a web server.

    Args:
        url: of the database that Mailtrip uses too.
        monitor_ids: which fail.
        lines: of each one's conversation.
        tell: the web server's address.
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=NORMAL"))
    _metadata.create_all(engine)
    began, used = time.monotonic(), time.process_time()
    for start in range(0, len(monitor_ids), _BATCH):
        at = datetime.now(UTC).timestamp()
        batch = monitor_ids[start : start + _BATCH]
        with engine.begin() as connection:
            connection.execute(insert(_results), [_result(id_, lines, at) for id_ in batch])
            connection.execute(insert(_states), [{"monitor_id": id_, "since": at} for id_ in batch])
    cpu = time.process_time() - used
    with engine.connect() as connection:
        failing = connection.scalars(text("SELECT monitor_id FROM bare_states ORDER BY monitor_id")).all()
    body = json.dumps({"count": len(failing), "monitors": list(failing[:_SHOWN])}).encode()
    request = urllib.request.Request(tell, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()
    engine.dispose()
    return BareStorm(cpu=cpu, told=time.monotonic() - began)


def _result(monitor_id: int, lines: Sequence[str], at: float) -> dict[str, object]:
    summary = "The server refused the login: 535 5.7.8 Authentication failed."
    return {
        "monitor_id": monitor_id,
        "status": 104,
        "at": at,
        "summary": summary,
        "transcript": json.dumps([[number, "<", line] for number, line in enumerate(lines)]),
    }
