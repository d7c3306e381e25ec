"""A request with an idempotency key happens once, and what is kept of it tells nobody what was asked."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.contract.store.builders import ADMIN, FIELDS, KEYS, NOW, STRANGER

from mailtrip.clock import SystemClock
from mailtrip.errors import KeyReused
from mailtrip.model import Actor
from mailtrip.service import idempotency, monitors, retention
from mailtrip.service.idempotency import Repeatable
from mailtrip.service.monitors import Passwords
from mailtrip.store import Database, schema

SECRET = "pa55w0rd-of-a-mailbox"
REQUEST = Repeatable(key="one", operation="POST /x", body={"name": "Mail", "password": SECRET})
MANY = 6


def make(connection: Connection) -> str:
    none = Passwords()
    return str(monitors.create(connection, ADMIN, FIELDS, passwords=none, secrets=KEYS, now=NOW))


def once(database: Database, request: Repeatable = REQUEST, by: Actor = ADMIN, now: datetime = NOW) -> tuple[str, bool]:
    return database.write(lambda connection: idempotency.once(connection, by, request, make, secrets=KEYS, now=now))


def count(database: Database) -> int:
    return database.read(lambda connection: monitors.page(connection, ADMIN))[1]


def test_a_request_that_comes_again_makes_nothing_and_gets_the_same_answer(database: Database) -> None:
    assert [once(database), once(database)] == [("100001", False), ("100001", True)]
    assert count(database) == 1


def test_the_order_of_fields_does_not_make_another_request(database: Database) -> None:
    once(database)
    assert once(database, replace(REQUEST, body=dict(reversed(list(REQUEST.body.items()))))) == ("100001", True)


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, body={"name": "Mail", "password": "another"}),
        replace(REQUEST, body={}),
        replace(REQUEST, operation="POST /y"),
    ],
)
def test_a_key_that_stands_for_another_request_is_refused(database: Database, other: Repeatable) -> None:
    once(database)
    with pytest.raises(KeyReused, match="take a new key"):
        once(database, other)
    assert count(database) == 1


def test_another_key_is_another_request(database: Database) -> None:
    once(database)
    assert once(database, replace(REQUEST, key="two")) == ("100002", False)


@pytest.mark.parametrize("other", [replace(ADMIN, user_id=2), replace(ADMIN, token_id=7)])
def test_each_user_and_each_api_token_has_keys_of_its_own(database: Database, other: Actor) -> None:
    once(database)
    assert once(database, by=other) == ("100002", False)


def test_each_account_has_keys_of_its_own(database: Database) -> None:
    row = {"id": STRANGER.account_id, "name": "stranger", "created_at": NOW}
    database.write(lambda connection: connection.execute(schema.accounts.insert(), row))
    once(database)
    assert once(database, by=STRANGER) == ("100002", False)


def test_what_fails_frees_its_key(database: Database) -> None:
    def fail(connection: Connection) -> str:
        make(connection)
        raise LookupError

    with pytest.raises(LookupError):
        database.write(lambda c: idempotency.once(c, ADMIN, REQUEST, fail, secrets=KEYS, now=NOW))
    assert once(database)[1] is False
    assert count(database) == 1


def test_of_many_at_a_time_one_makes_it_and_all_get_its_answer(database: Database) -> None:
    ready = threading.Barrier(MANY)
    answers: list[tuple[str, bool]] = []

    def ask() -> None:
        ready.wait(10)
        answers.append(once(database))

    threads = [threading.Thread(target=ask) for _ in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [("100001", False), *[("100001", True)] * (MANY - 1)]
    assert count(database) == 1


def die(url: str, moment: str) -> None:
    """Make the request and be killed: before all of it is kept, or after that and before the answer."""
    database = Database.open(url, clock=SystemClock())

    def make_and_die(connection: Connection) -> str:
        answer = make(connection)
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    database.write(lambda c: idempotency.once(c, ADMIN, REQUEST, make_and_die, secrets=KEYS, now=NOW))
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(("moment", "is_done"), [("before", False), ("after", True)])
def test_a_request_whose_program_was_killed_can_be_sent_again(
    database: Database, database_url: str, moment: str, *, is_done: bool
) -> None:
    program = f"from tests.contract.store.test_idempotency import die; die({database_url!r}, {moment!r})"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[3]), *sys.path])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    answer, was_done = once(database)
    assert (was_done, count(database)) == (is_done, 1)
    assert answer == str(database.read(lambda c: monitors.page(c, ADMIN))[0][0].id)


def test_a_key_is_kept_for_24_hours(database: Database) -> None:
    once(database)
    assert once(database, now=NOW + timedelta(hours=24)) == ("100001", True)
    late = NOW + timedelta(hours=24, microseconds=1)
    assert [once(database, now=late), once(database, now=late)] == [("100002", False), ("100002", True)]


def test_retention_deletes_keys_after_24_hours(database: Database) -> None:
    once(database)

    def expire(connection: Connection, *, now: datetime) -> int:
        return retention.expire(connection, now=now, limit=100)

    assert database.write(lambda c: expire(c, now=NOW + timedelta(hours=24))) == 0
    assert database.write(lambda c: expire(c, now=NOW + timedelta(hours=24, seconds=1))) == 1
    assert database.read(lambda c: c.execute(schema.idempotency_keys.select()).all()) == []


def test_nothing_that_was_asked_is_kept_and_its_digest_needs_the_key(database: Database) -> None:
    once(database)
    row = database.read(lambda c: c.execute(schema.idempotency_keys.select()).one())
    assert SECRET not in repr(REQUEST)
    assert (row.account_id, row.answer, row.created_at) == (1, "100001", NOW)
    assert (len(row.digest), len(row.request)) == (32, 32)
    other = database.write(lambda c: idempotency.once(c, ADMIN, REQUEST, make, secrets=type(KEYS)(b"o" * 32), now=NOW))
    assert other == ("100002", False)
