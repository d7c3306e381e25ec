"""The page that links in alerts lead to: it needs no session, and a look at it changes nothing."""

from functools import partial

import pytest
import requests
from structlog.testing import capture_logs
from tests.api.harness import OPERATOR
from tests.contract.store.test_alerts import FAILED, GOOD, SECOND, happen, monitor_of, told
from tests.web.service import WebService

from mailtrip.model import AlertLinks, AlertMethod, DeliveryAnswer
from mailtrip.service import outbox, recipients


@pytest.fixture
def monitor_id(service: WebService) -> int:
    """Of a monitor that fails."""
    server = (
        f"smtps://smtp{len(told(service.database))}.example.com"  # a cause of its own, told without waiting for others
    )
    found = monitor_of(service.database, name="<b>Orders</b>", smtp_server=server)
    happen(service.database, found, FAILED, slot=service.clock.now())
    return found


@pytest.fixture(scope="module", autouse=True)
def recipient(service: WebService) -> None:
    changes = {"method": AlertMethod.EMAIL_TEXT, "address": "night@example.com", "name": "Night shift"}
    create = partial(recipients.create, actor=OPERATOR, changes=changes, password=None, secrets=service.keys)
    service.database.write(partial(create, now=service.clock.now()))


@pytest.fixture
def links(service: WebService, monitor_id: int) -> AlertLinks:
    """In the alert about it."""
    del monitor_id
    now = service.clock.now() + 2 * SECOND
    service.database.write(partial(outbox.bundle_due, now=now))
    claim = partial(outbox.claim, secrets=service.keys, now=now, limit=100, public_url=service.url)
    (package,) = service.database.write(claim)
    service.database.write(partial(outbox.record, delivery=package.delivery, answer=DONE, now=now))
    assert package.links is not None
    return package.links


DONE = DeliveryAnswer(is_sent=True, text="250 ok")


def send_form(link: str, **fields: str) -> requests.Response:
    """What a browser does with the page's form."""
    address, _, token = link.partition("?token=")
    return requests.post(address, data={"token": token, **fields}, timeout=10)


def acknowledged(service: WebService, monitor_id: int) -> list[str | None]:
    return [alert.acknowledged_by for alert in told(service.database) if alert.monitor_id == monitor_id]


def test_the_link_shows_what_it_is_about_and_does_nothing_by_itself(
    service: WebService, links: AlertLinks, monitor_id: int
) -> None:
    for link in (links.acknowledge, links.snooze):
        page = requests.get(link, timeout=10)
        assert page.status_code == 200
        assert "&lt;b&gt;Orders&lt;/b&gt;" in page.text
        assert page.headers["Cache-Control"] == "no-store"

    assert acknowledged(service, monitor_id) == [None]


def test_its_button_acknowledges(service: WebService, links: AlertLinks, monitor_id: int) -> None:
    done = send_form(links.acknowledge)

    assert "Done." in done.text
    assert acknowledged(service, monitor_id) == ["Night shift"]
    assert "Acknowledged by Night shift" in requests.get(links.acknowledge, timeout=10).text


@pytest.mark.parametrize(("fields", "minutes"), [({"minutes": "240"}, 240), ({"minutes": "99999"}, 60), ({}, 60)])
def test_its_button_snoozes_for_as_long_as_is_chosen(
    service: WebService, links: AlertLinks, monitor_id: int, fields: dict[str, str], minutes: int
) -> None:
    send_form(links.snooze, **fields)

    (alert,) = [each for each in told(service.database) if each.monitor_id == monitor_id]
    assert alert.snoozed_until is not None
    assert (alert.snoozed_until - service.clock.now()).total_seconds() == minutes * 60


def test_what_is_over_by_then_is_told_so(service: WebService, links: AlertLinks, monitor_id: int) -> None:
    happen(service.database, monitor_id, GOOD, slot=service.clock.now() + SECOND)

    assert "It is over" in send_form(links.acknowledge).text


def test_a_link_that_is_none_of_ours_is_no_page_and_stands_in_no_log(service: WebService, links: AlertLinks) -> None:
    with capture_logs() as logs:
        assert requests.get(links.acknowledge[:-1], timeout=10).status_code == 404
        assert send_form(links.acknowledge[:-1]).status_code == 404
        assert requests.get(f"{service.url}/alert", timeout=10).status_code == 404
        assert send_form(links.acknowledge).status_code == 200

    assert "token" not in str(logs)
