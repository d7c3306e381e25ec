"""Blackouts, as somebody plans them; and what a role may not do there."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import expect
from tests.contract.store.builders import ADMIN
from tests.web.browser import Visitor
from tests.web.calendar_seed import add_blackouts
from tests.web.service import LIMITED_EMAIL, WebService, seed, serve
from tests.web.test_events import sign_in
from tests.web.test_users import post

from mailtrip.model import Blackout
from mailtrip.service import audit, blackouts

PATH = "/alerts/blackouts"
OVER_MIDNIGHT = {"type": "Monitor", "start": "2026-03-05T22:00", "end": "2026-03-06T04:00", "note": "Update"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    with serve(tmp_path_factory.mktemp("blackouts")) as served:
        seed(served, count=1)
        yield served


@pytest.fixture(scope="module")
def ids(service: WebService) -> list[int]:
    return add_blackouts(service)


def stored(service: WebService, note: str) -> list[Blackout]:
    found, _ = service.database.read(lambda connection: blackouts.page(connection, ADMIN))
    return [each for each in found if each.note == note]


def test_the_calendar_tells_what_goes_on_and_is_gone_through(admin: Visitor, ids: list[int]) -> None:
    page = admin.page
    admin.goto("/alerts")
    page.get_by_role("navigation", name="Alerts").get_by_role("link", name="Blackouts").click()
    admin.look()
    expect(page.get_by_text("All times on this page are in UTC, where it is 10:30 on Tuesday")).to_be_visible()
    expect(page.get_by_role("region", name="Now")).to_contain_text("Shop: no runs until 12:00")
    today = page.locator(".day-today")
    expect(today.get_by_role("listitem")).to_contain_text("until 12:00 now Shop no runs")

    page.get_by_role("link", name="Month", exact=True).click()
    admin.look()
    page.get_by_role("link", name="Next month").click()
    expect(page.get_by_role("heading", name="April 2026")).to_be_visible()
    expect(page.locator(".day-today")).to_have_count(0)
    expect(page.locator(".day", has_text="Sun 5 Apr")).to_contain_text("from 22:00 Accounting")
    page.get_by_role("link", name="Today").click()
    page.get_by_role("link", name="List", exact=True).click()
    admin.look()
    expect(page.get_by_role("row", name="Night shift")).to_contain_text("each Friday 18:00 to Monday 06:00 UTC")
    page.get_by_label("Monitor, recipient or note").fill("cluster")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Shop").last.click()
    expect(page).to_have_url(f"{admin.url}{PATH}/{ids[0]}")
    admin.look()
    expect(page.get_by_text("It has begun, so it can't be changed any more.")).to_be_visible()


def test_a_blackout_of_several_monitors_is_made_changed_and_removed(admin: Visitor, service: WebService) -> None:
    page, note = admin.page, f"Update {'with' if admin.has_script else 'without'} script"
    admin.goto(PATH)
    page.get_by_role("link", name="New blackout").click()
    admin.look()
    page.get_by_role("button", name="Make the blackout").click()
    expect(page.get_by_role("alert")).to_contain_text("3 entries need another look")
    assert admin.troubles.pop().startswith("console: Failed to load resource")
    admin.look()

    page.get_by_label("Orders").check()
    page.get_by_label("Head office").check()
    page.get_by_label("Each week").check()
    page.get_by_label("From", exact=True).select_option("Saturday")
    page.locator("#start_time").fill("23:00")
    page.get_by_label("Until", exact=True).select_option("Sunday")
    page.locator("#end_time").fill("01:30")
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name="Make the blackout").click()
    expect(page.get_by_role("status")).to_have_text("The blackout is made.")
    assert {each.subject_id for each in stored(service, note)} == {
        service.monitor_ids["Orders"],
        service.monitor_ids["Head office"],
    }

    first = stored(service, note)[0]
    admin.goto(f"{PATH}/{first.id}")
    page.locator("#end_time").fill("02:30")
    page.get_by_label("What it stops").select_option("Runs go on, but nobody is told of errors")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_text("each Saturday 23:00 to Sunday 02:30 UTC")).to_be_visible()
    page.get_by_text("Remove this blackout").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_role("status")).to_have_text("The blackout is removed.")
    assert len(stored(service, note)) == 1


def make(service: WebService, **form: str) -> requests.Response:
    return post(sign_in(service), service, f"{PATH}/new", OVER_MIDNIGHT | form)


def test_a_one_time_blackout_is_changed_until_it_begins(service: WebService) -> None:
    shop = service.monitor_ids["Shop"]
    answer = make(service, note="Moved", **{f"monitor-{shop}": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PATH}?done=made&day=2026-03-05")
    [before] = stored(service, "Moved")
    client = sign_in(service)

    form = OVER_MIDNIGHT | {"note": "Moved", "start": "2026-03-07T22:00", "revision": "1"}
    wrong = post(client, service, f"{PATH}/{before.id}", form)
    right = post(client, service, f"{PATH}/{before.id}", form | {"end": "2026-03-08T04:00"})
    gone = post(client, service, f"{PATH}/{before.id}", form)

    assert (wrong.status_code, right.status_code, gone.status_code) == (422, 303, 404)
    assert "is not later than the start" in wrong.text
    [after] = stored(service, "Moved")
    assert right.headers["Location"] == f"{PATH}/{after.id}?done=changed"
    entries = service.database.read(lambda connection: audit.page(connection, ADMIN, limit=3))
    assert [str(entry.action) for entry in entries[:2]] == ["blackout.created", "blackout.removed"]


def test_what_somebody_else_has_changed_is_not_written_over(service: WebService, ids: list[int]) -> None:
    form = {"type": "Monitor", "start_day": "1", "start_time": "22:00", "end_day": "2", "end_time": "05:00"}

    answer = post(sign_in(service), service, f"{PATH}/{ids[2]}", form | {"revision": "7"})

    assert answer.status_code == 422
    assert "Somebody else has changed this blackout meanwhile" in answer.text


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({}, "is empty; choose a monitor"),
        ({"monitor-99999": "yes"}, "there is no monitor 99999"),
        ({"type": "Notifier"}, "is empty; choose a recipient"),
        ({"start": "2026-03-01T10:00"}, "is not in the future"),
    ],
)
def test_nothing_is_made_where_something_is_wrong(service: WebService, form: dict[str, str], fault: str) -> None:
    answer = make(service, **form, note="Wrong")

    assert answer.status_code == 422
    assert fault in answer.text
    assert stored(service, "Wrong") == []


def test_whoever_may_not_change_monitors_looks_and_no_more(service: WebService, ids: list[int]) -> None:
    client = sign_in(service, LIMITED_EMAIL)

    shown = [client.get(f"{service.url}{path}", timeout=10) for path in (PATH, f"{PATH}/{ids[0]}")]
    hidden = client.get(f"{service.url}{PATH}/{ids[1]}", timeout=10)
    refused = [
        client.get(f"{service.url}{PATH}/new", timeout=10),
        post(client, service, f"{PATH}/new", OVER_MIDNIGHT),
        post(client, service, f"{PATH}/{ids[0]}", OVER_MIDNIGHT),
        post(client, service, f"{PATH}/{ids[0]}/remove", {}),
    ]

    assert [answer.status_code for answer in shown] == [200, 200]
    assert all(text not in shown[0].text for text in ("Orders", "Accounting", "New blackout"))
    assert "Remove" not in shown[1].text
    assert hidden.status_code == 404
    assert [answer.status_code for answer in refused] == [403] * 4
    assert requests.get(service.url + PATH, timeout=10).url.startswith(f"{service.url}/sign-in")
