"""Pages to read: the audit log, locations, the system; who may open which."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
import requests
from playwright.sync_api import expect
from tests.api.harness import OPERATOR
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, LIMITED_EMAIL, NOW, PASSWORD, WebService
from tests.web.test_events import sign_in

from mailtrip.model import Actor, MonitorType, Origin
from mailtrip.service import monitors
from mailtrip.service.health import Health
from mailtrip.service.monitors import Passwords
from mailtrip.store import silences


@pytest.fixture(scope="module")
def changed(service: WebService) -> WebService:
    """With a change by a user, from somewhere, and more than a page of others."""
    actor = replace(OPERATOR, user_id=1, email=ADMIN_EMAIL, origin=Origin(address="192.0.2.7", request_id="r1"))
    monitor_id = service.monitor_ids["Shop"]
    _edit(service, actor, monitor_id, note="<b>Watch</b> this one", interval=timedelta(minutes=10))
    for number in range(60):
        _edit(service, OPERATOR, service.monitor_ids["Orders"], note=f"note {number}")
    return service


def _edit(service: WebService, actor: Actor, monitor_id: int, **changes: object) -> None:
    edit = partial(
        monitors.edit,
        actor=actor,
        monitor_id=monitor_id,
        changes=changes,
        type=MonitorType.ROUND_TRIP,
        passwords=Passwords(),
        secrets=service.keys,
        now=service.clock.now(),
    )
    service.database.write(edit)


@pytest.mark.usefixtures("changed")
def test_the_audit_log_tells_who_did_what_from_where_and_is_narrowed_and_paged(admin: Visitor) -> None:
    admin.page.get_by_role("link", name="Audit log").click()
    admin.look()
    expect(admin.page.locator(".entry")).to_have_count(50)
    admin.page.get_by_role("link", name="Earlier").click()
    expect(admin.page.get_by_text("note 9", exact=True).first).to_be_visible()

    admin.page.get_by_label("Who").fill(ADMIN_EMAIL)
    admin.page.get_by_label("What").select_option("Monitor")
    admin.page.get_by_role("button", name="Show").click()
    admin.look()
    [told] = admin.page.locator(".entry").all_inner_texts()
    assert "Monitor changed: Shop" in told
    assert f"{ADMIN_EMAIL}, from 192.0.2.7" in told
    assert "<b>Watch</b> this one" in told
    expect(admin.page.locator("ins", has_text="600")).to_be_visible()

    admin.page.get_by_role("link", name="Shop").click()
    expect(admin.page.locator(".entry")).to_have_count(2)
    expect(admin.page.locator(".entry").last).to_contain_text("Monitor created: Shop")
    admin.page.get_by_label("From").fill("2026-03-04")
    admin.page.get_by_role("button", name="Show").click()
    expect(admin.page.get_by_text("Nothing of this kind was done")).to_be_visible()


def test_locations_tell_how_many_monitors_they_have_and_their_newest_run(admin: Visitor) -> None:
    admin.page.get_by_role("link", name="Locations").click()
    admin.look()

    row = admin.page.get_by_role("row", name="Local")
    expect(row.get_by_role("cell").nth(1)).to_have_text("9")
    expect(row.locator("time")).to_have_attribute("datetime", "2026-03-03T10:29:00+00:00")


@pytest.fixture
def silent(service: WebService) -> Iterator[None]:
    """The location is silent."""

    def note(since: datetime | None) -> None:
        service.database.write(lambda connection: silences.set_silent(connection, 10, since))

    note(NOW - timedelta(minutes=20))
    yield
    note(None)


@pytest.mark.usefixtures("silent")
def test_a_location_that_is_silent_is_shown_as_such(admin: Visitor, service: WebService) -> None:
    admin.page.get_by_role("link", name="Locations").click()
    admin.look()

    expect(admin.page.get_by_role("row", name="Local")).to_contain_text("silent since")
    page = sign_in(service).get(f"{service.url}/system", timeout=10).text
    assert "The location Local has been silent since 2026-03-03 10:10 UTC" in page
    assert "All is well" not in page


def test_the_system_page_tells_health_database_and_what_is_kept(admin: Visitor) -> None:
    admin.page.get_by_role("link", name="System").click()
    admin.look()

    main = admin.page.get_by_role("main")
    for text in ("All is well", "Mailtrip", "1.2.3", "SQLite 3", "400 days", "90 days"):
        expect(main).to_contain_text(text)


@pytest.fixture
def sick(service: WebService) -> Iterator[Callable[[Health | None], None]]:
    """Makes the service tell this of its health; None is an engine that says nothing."""
    before = service.health.answer
    yield lambda health: setattr(service.health, "answer", health)
    service.health.answer = before


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (None, "The engine, which makes the runs, does not answer"),
        ({"database_ok": False}, "The database could not be reached"),
        ({"results_waiting": 3}, "3 results of runs wait for the database"),
        ({"network_ok": False}, "This location has lost its network"),
    ],
)
def test_what_is_wrong_with_the_service_is_told(
    service: WebService,
    sick: Callable[[Health | None], None],
    changes: dict[str, bool | int] | None,
    text: str,
) -> None:
    healthy = service.health.answer
    assert healthy is not None
    sick(None if changes is None else replace(healthy, **changes))  # type: ignore[arg-type]  # of several types

    page = sign_in(service).get(f"{service.url}/system", timeout=10)

    assert text in page.text
    assert "All is well" not in page.text


def test_who_does_not_manage_users_sees_health_and_no_more(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor = visit(service)
    visitor.sign_in(LIMITED_EMAIL, PASSWORD)
    visitor.goto("/system")

    expect(visitor.page.get_by_text("All is well")).to_be_visible()
    expect(visitor.page.get_by_text("SQLite")).to_have_count(0)
    expect(visitor.page.get_by_role("link", name="Audit log")).to_have_count(0)
    answer = sign_in(service, LIMITED_EMAIL).get(f"{service.url}/audit", timeout=10)
    assert answer.status_code == 403
    assert "This needs role Admin or Co-Admin." in answer.text
    visitor.goto("/locations")
    expect(visitor.page.get_by_role("row", name="Local").get_by_role("cell").nth(1)).to_have_text("1")


@pytest.mark.parametrize("path", ["/audit", "/locations", "/system"])
def test_a_stranger_is_led_to_sign_in(service: WebService, path: str) -> None:
    answer = requests.get(service.url + path, allow_redirects=False, timeout=10)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")
