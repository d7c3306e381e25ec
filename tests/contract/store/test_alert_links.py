"""Links in alerts: signed, for one alert and one answer, and only as long as they are good."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.contract.store.builders import ADMIN, KEYS, NOW
from tests.contract.store.test_alerts import FAILED, GOOD, MINUTE, SECOND, happen, make_recipient, monitor_of, told

from mailtrip.errors import InvalidInput, NotFound
from mailtrip.model import AlertPackage
from mailtrip.service import alert_links, audit, outbox, recipients
from mailtrip.service.secrets import KeyRing
from mailtrip.store import Database

URL = "https://mailtrip.probe.test"


def send(database: Database, *, public_url: str | None = URL, at: datetime = NOW + 2 * SECOND) -> AlertPackage:
    database.write(lambda connection: outbox.bundle_due(connection, now=at))
    (package,) = database.write(
        lambda connection: outbox.claim(connection, KEYS, now=at, limit=10, public_url=public_url)
    )
    return package


def token_of(link: str) -> str:
    assert link.startswith(f"{URL}/alert?token=")
    return parse_qs(urlsplit(link).query)["token"][0]


def follow(database: Database, token: str, *, now: datetime = NOW + MINUTE, keys: KeyRing = KEYS) -> None:
    database.write(
        lambda connection: alert_links.answer(connection, keys, token, snooze_for=timedelta(hours=1), now=now)
    )


def test_links_acknowledge_and_snooze_in_the_recipients_name(database: Database) -> None:
    make_recipient(database, name="Night shift")
    happen(database, monitor_of(database), FAILED)
    links = send(database).links
    assert links is not None

    follow(database, token_of(links.acknowledge))
    follow(database, token_of(links.snooze))

    (alert,) = told(database)
    assert (alert.acknowledged_by, alert.acknowledged_at) == ("Night shift", NOW + MINUTE)
    assert (alert.snoozed_by, alert.snoozed_until) == ("Night shift", NOW + 61 * MINUTE)
    entries = database.read(lambda connection: audit.page(connection, ADMIN, limit=2))
    assert [(entry.action, entry.actor_type, entry.actor_name) for entry in entries] == [
        ("alert.snoozed", "recipient", "Night shift"),
        ("alert.acknowledged", "recipient", "Night shift"),
    ]


def test_a_web_address_that_may_hold_a_key_is_nobodys_name(database: Database) -> None:
    recipient_id = make_recipient(database)
    happen(database, monitor_of(database), FAILED)
    links = send(database).links
    assert links is not None

    follow(database, token_of(links.acknowledge))

    assert told(database)[0].acknowledged_by == f"recipient {recipient_id}"


def test_to_look_at_a_link_changes_nothing(database: Database) -> None:
    make_recipient(database)
    happen(database, monitor_of(database, name="Orders"), FAILED)
    links = send(database).links
    assert links is not None
    before = told(database)

    asked = database.read(
        lambda connection: alert_links.ask(connection, KEYS, token_of(links.acknowledge), now=NOW + MINUTE)
    )

    assert (asked.item.monitor_name, asked.answer) == ("Orders", alert_links.Answer.ACKNOWLEDGE)
    assert told(database) == before


def test_an_altered_expired_or_foreign_link_does_nothing(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    links = send(database).links
    assert links is not None
    token = token_of(links.acknowledge)
    content, _, signature = token.rpartition(".")
    parts = content.split(".")

    altered = [
        ".".join([*parts[:place], str(int(parts[place]) + 1), *parts[place + 1 :], signature])
        for place in range(1, len(parts))
    ]
    for wrong in (
        *altered,
        token.replace("acknowledge", "snooze"),
        token[:-1],
        token + "A",
        f"{content}.",
        "",
        "x" * 99,
    ):
        with pytest.raises(NotFound):
            follow(database, wrong)
    with pytest.raises(NotFound):
        follow(database, token, keys=KeyRing(b"o" * 32))
    with pytest.raises(NotFound):
        follow(database, token, now=NOW + timedelta(days=7, seconds=2))

    assert told(database)[0].acknowledged_at is None


def test_a_link_about_trouble_that_is_over_says_so(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    links = send(database).links
    assert links is not None
    happen(database, monitor_id, GOOD, slot=NOW + MINUTE)

    with pytest.raises(InvalidInput):
        follow(database, token_of(links.acknowledge))


def test_a_link_is_gone_with_its_recipient(database: Database) -> None:
    recipient_id = make_recipient(database)
    happen(database, monitor_of(database), FAILED)
    links = send(database).links
    assert links is not None
    database.write(lambda connection: recipients.remove(connection, ADMIN, recipient_id, now=NOW))

    with pytest.raises(NotFound):
        follow(database, token_of(links.acknowledge))


def test_without_a_public_address_there_are_no_links(database: Database) -> None:
    make_recipient(database)
    happen(database, monitor_of(database), FAILED)

    assert send(database, public_url=None).links is None


def test_there_is_nothing_to_answer_to_an_end(database: Database) -> None:
    make_recipient(database)
    monitor_id = monitor_of(database)
    happen(database, monitor_id, FAILED)
    happen(database, monitor_id, GOOD, slot=NOW + SECOND)

    assert send(database, at=NOW + 3 * SECOND).links is None


def test_no_link_shows_in_what_is_logged_of_a_package(database: Database) -> None:
    make_recipient(database)
    happen(database, monitor_of(database), FAILED)

    assert URL not in repr(send(database))
