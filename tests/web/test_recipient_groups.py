"""The pages of recipient groups, as somebody uses them who decides on who is told."""

from functools import partial

import pytest
from playwright.sync_api import expect
from tests.api.harness import OPERATOR
from tests.web.browser import Visitor
from tests.web.service import LIMITED_EMAIL, WebService
from tests.web.test_events import sign_in
from tests.web.test_manage import token_of, was_refused

from mailtrip.model import AlertMethod, RecipientGroupSettings
from mailtrip.service import groups, recipients

HOME = "/alerts/groups"


@pytest.fixture(scope="module", autouse=True)
def _recipient(service: WebService) -> None:
    changes = {"method": AlertMethod.EMAIL_TEXT, "address": "night@example.com", "name": "Night <b>shift</b>"}
    create = partial(recipients.create, actor=OPERATOR, changes=changes, password=None, secrets=service.keys)
    service.database.write(partial(create, now=service.clock.now()))


def stored(service: WebService, name: str) -> list[RecipientGroupSettings]:
    found, _ = service.database.read(partial(groups.page, actor=OPERATOR))
    return [each.settings for each in found if each.settings.name == name]


def test_a_group_is_made_changed_and_deleted(admin: Visitor, service: WebService) -> None:
    name = "Mail <i>team</i>" if admin.has_script else "Mail team without script"
    admin.goto(HOME)
    admin.page.get_by_role("link", name="New group").click()
    admin.look()
    admin.page.get_by_label("Name", exact=True).fill(name)
    admin.page.get_by_role("button", name="Add").click()
    expect(admin.page.get_by_role("alert")).to_contain_text("2 entries need another look")
    expect(admin.page.get_by_text("is empty; name at least one monitor")).to_be_visible()
    was_refused(admin)
    admin.look()

    admin.page.get_by_label("Shop").check()
    admin.page.get_by_label("Orders").check()
    admin.page.get_by_label("Night <b>shift</b>").first.check()
    admin.page.get_by_text("Which errors").click()
    admin.page.get_by_label("Mailbox: login refused").check()
    admin.page.get_by_role("button", name="Add").click()
    row = admin.page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("Orders, Shop")
    expect(row).to_contain_text("Night <b>shift</b>")
    expect(row).to_contain_text("204")
    admin.look()

    row.get_by_role("link", name="Edit").click()
    expect(admin.page.get_by_label("Shop")).to_be_checked()
    expect(admin.page.get_by_label("Mailbox: login refused")).to_be_visible()
    admin.page.get_by_label("Shop").uncheck()
    admin.page.get_by_text("Urgent, default").click()
    admin.page.get_by_label("Urgent", exact=True).check()
    admin.page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("urgent")
    [changed] = stored(service, name)
    assert changed.monitor_ids == (service.monitor_ids["Orders"],)
    assert (changed.status_codes, changed.is_urgent, changed.is_default) == ((204,), True, False)

    row.get_by_role("link", name="Delete").click()
    admin.look()
    admin.page.get_by_role("button", name="Delete the group").click()
    expect(admin.page.get_by_role("status")).to_have_text("The group is removed.")
    assert stored(service, name) == []


def test_a_form_that_is_stale_says_so(service: WebService) -> None:
    people, _ = service.database.read(partial(recipients.page, actor=OPERATOR))
    shop, orders = service.monitor_ids["Shop"], service.monitor_ids["Orders"]
    changes = {"name": "Stale", "monitor_ids": (shop,), "recipient_ids": (people[0].id,)}
    now = service.clock.now()
    group_id = service.database.write(partial(groups.create, actor=OPERATOR, changes=changes, now=now))
    client, where = sign_in(service), f"{service.url}{HOME}/{group_id}/edit"
    token = token_of(client.get(where, timeout=10))
    form = {"form_token": token, "name": "Mine", f"monitor-{shop}": "yes", f"recipient-{people[0].id}": "yes"}
    edit = partial(groups.edit, actor=OPERATOR, group_id=group_id, changes={"monitor_ids": (shop, orders)}, now=now)
    service.database.write(edit)

    answer = client.post(where, data={**form, "revision": "1"}, timeout=10)

    assert "What you wrote differs in: Name, Monitors." in answer.text
    assert stored(service, "Mine") == []
    client.post(where, data={**form, "revision": "2"}, timeout=10)
    assert [each.monitor_ids for each in stored(service, "Mine")] == [(shop,)]


def test_whoever_may_not_edit_is_offered_nothing_and_refused(service: WebService) -> None:
    people, _ = service.database.read(partial(recipients.page, actor=OPERATOR))
    changes = {
        "name": "Hidden in part",
        "monitor_ids": (service.monitor_ids["Shop"], service.monitor_ids["Invoices"]),
        "recipient_ids": (people[0].id,),
    }
    create = partial(groups.create, actor=OPERATOR, changes=changes, now=service.clock.now())
    group_id = service.database.write(create)
    client, own = sign_in(service, LIMITED_EMAIL), f"{HOME}/{group_id}"

    shown = client.get(service.url + HOME, timeout=10).text
    assert "Shop, 1 more" in shown
    assert "Invoices" not in shown
    assert f"{HOME}/" not in shown
    token = {"form_token": token_of(client.get(f"{service.url}/account", timeout=10))}
    for path in (f"{HOME}/new", f"{own}/edit", f"{own}/delete"):
        assert client.get(service.url + path, timeout=10).status_code == 403, path
        assert client.post(service.url + path, data=token, timeout=10).status_code == 403, path
    assert sign_in(service).get(f"{service.url}{HOME}/{group_id + 1000}/edit", timeout=10).status_code == 404
