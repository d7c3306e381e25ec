"""Lists of monitors tell what is, whoever changed it: what was written before is taken again only where it still holds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.api.harness import OPERATOR, Server
from tests.api.harness_runs import START, arrive_late, finish_first, finish_run, result

from mailtrip.api.alertsite.monitor_texts import Key, Mark, MonitorTexts
from mailtrip.model import BlackoutType, MonitorType, Role, StatusCode, Verdict
from mailtrip.service import blackouts, monitors
from mailtrip.service.blackouts import BlackoutDraft
from mailtrip.service.monitors import Passwords
from mailtrip.store import Database
from mailtrip.store.schema import locations

MONITORS = "/api/v3/monitors"
FIRST = 100001
MISSING = result("t", Verdict.MISSING, StatusCode.TIMEOUT, summary="Not seen in 300 s.")
BLACKOUT = BlackoutDraft(
    type=BlackoutType.ALERT, subject_id=FIRST, is_weekly=False, start=START, end=START + timedelta(hours=1)
)


@pytest.fixture
def elsewhere(server: Server, tmp_path: Path) -> Iterator[Server]:
    """The same database as another process has it open."""
    database = Database.open(f"sqlite:///{tmp_path / 'mailtrip.db'}", clock=server.clock)
    yield replace(server, database=database)
    database.close()


def listed(server: Server, *, role: Role = Role.ADMIN, query: str = "") -> list[dict[str, object]]:
    """The monitors of a list; a read of each must say the same."""
    found: list[dict[str, object]] = server.get(f"{MONITORS}?{query}", role=role).json()["results"]
    if not query:
        assert [server.get(f"{MONITORS}/{each['id']}", role=role).json() for each in found] == found
    return found


def edit(server: Server, *, passwords: Passwords | None = None, **changes: object) -> None:
    server.database.write(
        lambda connection: monitors.edit(
            connection,
            OPERATOR,
            FIRST,
            changes,
            type=MonitorType.ROUND_TRIP,
            passwords=passwords or Passwords(),
            secrets=server.services.secrets,
            now=server.clock.now(),
        )
    )


def black_out(server: Server) -> int:
    return server.database.write(
        lambda connection: blackouts.create(connection, OPERATOR, BLACKOUT, now=START - timedelta(hours=1))
    )


def end_blackout(server: Server) -> None:
    """Remove the only one there is."""
    server.database.write(lambda connection: blackouts.remove(connection, OPERATOR, FIRST, now=START))


def rename_location(server: Server) -> None:
    server.database.write(lambda connection: connection.execute(locations.update(), {"name": "Elsewhere"}))


def recheck(server: Server) -> None:
    """The error of the first run is looked at again, and is not there any more."""
    finish_first(server, result("r", Verdict.DELIVERED, StatusCode.OK, summary="Delivered."), recheck_of=FIRST)


@pytest.mark.parametrize(
    ("change", "field", "before", "after"),
    [
        (lambda server: edit(server, name="New"), "name", "Round-Trip Email Monitor", "New"),
        (lambda server: edit(server, passwords=Passwords(mailbox="pa55")), "has_password", False, True),
        (
            lambda server: edit(server, location_ids=(10,)),
            "date_modified",
            "2026-01-01T12:00:00Z",
            "2026-01-01T12:01:30Z",
        ),
        (black_out, "blackout_ids", [], [str(FIRST)]),
        (rename_location, "locations", [{"id": 10, "name": "Local"}], [{"id": 10, "name": "Elsewhere"}]),
    ],
    ids=["a setting", "a password", "the time of a change", "a blackout", "the name of a location"],
)
def test_a_change_by_another_process_is_listed_at_once(
    server: Server, elsewhere: Server, change: Callable[[Server], object], field: str, before: object, after: object
) -> None:
    server.create()
    assert listed(server)[0][field] == before
    server.clock.move(90)
    change(elsewhere)
    assert listed(server)[0][field] == after


@pytest.mark.parametrize(
    ("change", "field", "before", "after"),
    [
        (
            lambda server: finish_run(server, FIRST, slot=START + timedelta(minutes=15)),
            "verdict",
            "missing",
            "delivered",
        ),
        (arrive_late, "verdict", "missing", "late"),
        (recheck, "severity", "error", "warning"),
    ],
    ids=["a new run", "a late message", "a recheck"],
)
def test_what_another_process_finds_is_listed_at_once(
    server: Server, elsewhere: Server, change: Callable[[Server], object], field: str, before: str, after: str
) -> None:
    server.create()
    finish_first(server, MISSING)

    def last() -> object:
        status = listed(server)[0]["last_status"]
        assert isinstance(status, dict)
        return status[field]

    assert last() == before
    change(elsewhere)
    assert last() == after


def test_a_blackout_that_is_gone_is_no_longer_listed(server: Server, elsewhere: Server) -> None:
    server.create()
    black_out(server)
    assert listed(server)[0]["blackout_ids"] == [str(FIRST)]
    end_blackout(elsewhere)
    assert listed(server)[0]["blackout_ids"] == []


def test_a_monitor_that_is_gone_is_no_longer_listed(server: Server, elsewhere: Server) -> None:
    server.create()
    assert len(listed(server)) == 1
    elsewhere.database.write(lambda connection: monitors.remove(connection, OPERATOR, FIRST, now=server.clock.now()))
    assert listed(server) == []


def test_each_reader_is_told_what_they_may_do(server: Server) -> None:
    server.create()
    told = [listed(server, role=role)[0]["access_type"] for role in (Role.ADMIN, Role.USER, Role.ADMIN)]
    assert told == ["Edit", "View", "Edit"]


def test_a_selection_shows_its_own_fields_whatever_was_listed_before(server: Server) -> None:
    server.create()
    whole = listed(server)
    assert listed(server, query="select=id,name") == [{"id": FIRST, "name": "Round-Trip Email Monitor"}]
    assert listed(server, query="select=name") == [{"name": "Round-Trip Email Monitor"}]
    assert listed(server) == whole


def key(number: int) -> Key:
    return Key(number, True, None)


def mark(revision: int) -> Mark:
    return Mark(revision, (), b"")


def test_a_text_is_found_with_its_mark_only() -> None:
    texts = MonitorTexts()
    texts.keep(key(1), mark(1), b"one")
    assert texts.find({key(1): mark(1), key(2): mark(1)}) == {key(1): b"one", key(2): None}
    assert texts.find({key(1): mark(2)}) == {key(1): None}


def test_the_longest_unused_texts_are_forgotten_first() -> None:
    texts = MonitorTexts(most_bytes=2500)
    for number in (1, 2):
        texts.keep(key(number), mark(1), b"x")
    texts.find({key(1): mark(1)})
    texts.keep(key(3), mark(1), b"x")
    assert [*texts.find({key(number): mark(1) for number in (1, 2, 3)}).values()] == [b"x", None, b"x"]


def test_a_text_that_is_kept_anew_takes_its_room_once() -> None:
    texts = MonitorTexts(most_bytes=2500)
    texts.keep(key(1), mark(1), b"x")
    for revision in range(5):
        texts.keep(key(2), mark(revision), b"x")
    assert texts.find({key(1): mark(1)}) == {key(1): b"x"}
