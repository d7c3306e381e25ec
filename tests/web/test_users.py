"""Users and API tokens, managed in the browser; and what a role may not do there."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import requests
from playwright.sync_api import expect
from tests.api.harness import OPERATOR
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, LIMITED_EMAIL, PASSWORD, WebService, seed, serve
from tests.web.test_events import sign_in
from tests.web.test_sign_in import token_of

from mailtrip.model import Access, Role, User
from mailtrip.service import users

CO_ADMIN = "co-admin@example.com"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    """With a Co-Admin beside the Admin and the user who sees one monitor."""
    with serve(tmp_path_factory.mktemp("users")) as served:
        seed(served, count=1)
        hashed = users.hash_password(PASSWORD)
        add = partial(users.add, actor=OPERATOR, email=CO_ADMIN, password=hashed, role=Role.CO_ADMIN)
        served.database.write(partial(add, now=served.clock.now()))
        yield served


def user_of(service: WebService, email: str) -> User:
    return service.database.read(lambda connection: users.find(connection, OPERATOR, email=email))


def test_a_user_is_added_changed_given_a_password_and_removed(admin: Visitor, service: WebService) -> None:
    page = admin.page
    page.get_by_role("link", name="Users").click()
    admin.look()
    expect(page.get_by_role("row", name=LIMITED_EMAIL)).to_contain_text("1 monitor only")
    page.get_by_label("Email address").fill("new@example.com")
    page.get_by_label("Password", exact=True).fill("a long password")
    page.get_by_label("Role", exact=True).select_option("Power User")
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("status")).to_have_text("The user is added.")

    page.get_by_role("link", name="new@example.com").click()
    admin.look()
    page.get_by_label("First name").fill("<i>Ada")
    page.get_by_label("Role", exact=True).select_option("READONLY")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.get_by_label("New password").fill("another password")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("status")).to_contain_text("signed out everywhere")
    settings = user_of(service, "new@example.com").settings
    assert (settings.role, settings.first_name, settings.last_name) == (Role.READ_ONLY, "<i>Ada", None)
    assert sign_in(service, "new@example.com", "another password").get(f"{service.url}/overview", timeout=10).ok

    theirs = sign_in(service, "new@example.com", "another password")
    page.get_by_text("Disable this user").click()
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("status")).to_contain_text("signed out everywhere")
    admin.look()
    led = theirs.get(f"{service.url}/overview", timeout=10, allow_redirects=False)
    assert (led.status_code, led.headers["Location"]) == (303, "/sign-in?next=%2Foverview")
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("status")).to_have_text("The user is enabled, and may sign in again.")
    page.get_by_text("Remove this user").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_role("status")).to_have_text("The user is removed.")
    expect(page.get_by_role("link", name="new@example.com")).to_have_count(0)


def test_the_monitors_of_a_user_are_chosen(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor, guid = visit(service, has_script=True), user_of(service, LIMITED_EMAIL).guid
    before = user_of(service, LIMITED_EMAIL).settings.access
    monitor_id = next(iter(service.monitor_ids.values()))
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto(f"/users/{guid}")
    visitor.page.get_by_role("link", name="Set which monitors").click()
    visitor.look()
    visitor.page.get_by_label("All other monitors").select_option("View")
    visitor.page.locator(f"#monitor-{monitor_id}").select_option("None")
    visitor.page.get_by_role("button", name="Save").click()

    expect(visitor.page.get_by_role("status")).to_have_text("Saved.")
    access = user_of(service, LIMITED_EMAIL).settings.access
    assert access is not None
    assert (access.default, access.of(monitor_id)) == (Access.VIEW, Access.NONE)
    edit = partial(users.edit, actor=OPERATOR, guid=guid, changes={"access": before}, password=None)
    service.database.write(partial(edit, now=service.clock.now()))


def test_what_is_wrong_with_a_new_user_is_told_and_the_rest_is_kept(admin: Visitor) -> None:
    admin.goto("/users")
    admin.page.get_by_label("Email address").fill(LIMITED_EMAIL)
    admin.page.get_by_label("Password", exact=True).fill("a long password")
    admin.page.get_by_label("Last name").fill("Lovelace")
    admin.page.get_by_role("button", name="Add user").click()

    expect(admin.page.get_by_role("alert")).to_contain_text("is taken; use another address")
    expect(admin.page.get_by_label("Last name")).to_have_value("Lovelace")
    assert "422" in admin.troubles.pop()
    admin.look()


def test_a_token_is_shown_once_works_and_is_revoked(admin: Visitor, service: WebService) -> None:
    page = admin.page
    admin.goto("/account")
    page.get_by_role("link", name="API tokens").click()
    page.get_by_label("Name", exact=True).fill("Grafana")
    page.get_by_label("only this").check()
    page.get_by_label("read monitors").check()
    page.get_by_role("button", name="Make token").click()
    admin.look()
    text = page.locator(".secret").inner_text()
    headers = {"Authorization": f"Bearer {text}"}
    ours, theirs = f"{service.url}/api/v3/monitors", f"{service.url}/api/v3/recipients"
    assert requests.get(ours, headers=headers, timeout=10).status_code == 200
    assert requests.get(theirs, headers=headers, timeout=10).status_code == 403

    admin.goto("/account/tokens")
    assert text not in page.content()
    row = page.get_by_role("row", name="Grafana")
    expect(row).to_contain_text("read monitors, runs, alerts and reports")
    row.get_by_text("Revoke Grafana").click()
    row.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_role("status")).to_have_text("The token is revoked.")
    assert requests.get(ours, headers=headers, timeout=10).status_code == 401


def test_a_token_that_could_do_nothing_is_not_made(service: WebService) -> None:
    client = sign_in(service)
    form = {"name": "x", "role": "User", "cut": "scopes"}

    answer = post(client, service, "/account/tokens", form)

    assert answer.status_code == 422
    assert "What it may do is empty, so that the token could do nothing" in answer.text


def post(client: requests.Session, service: WebService, path: str, form: dict[str, str]) -> requests.Response:
    token = token_of(client.get(f"{service.url}/account", timeout=10))
    return client.post(service.url + path, data={"form_token": token, **form}, timeout=10, allow_redirects=False)


def test_a_co_admin_changes_no_admin_and_makes_none(service: WebService) -> None:
    client, admin_guid = sign_in(service, CO_ADMIN), user_of(service, ADMIN_EMAIL).guid
    own_guid = user_of(service, CO_ADMIN).guid
    page = client.get(f"{service.url}/users/{admin_guid}", timeout=10)
    assert "Only an Admin changes an Admin" in page.text
    assert 'value="Admin"' not in client.get(f"{service.url}/users", timeout=10).text

    new = {"email": "x@example.com", "password": PASSWORD, "role": "Admin"}
    answers = [
        post(client, service, "/users", new),
        post(client, service, f"/users/{own_guid}", {"role": "Admin"}),
        post(client, service, f"/users/{admin_guid}", {"role": "User"}),
        post(client, service, f"/users/{admin_guid}/password", {"password": "stolen password"}),
        post(client, service, f"/users/{admin_guid}/remove", {}),
        post(client, service, f"/users/{admin_guid}/disable", {}),
        post(client, service, f"/users/{admin_guid}/access", {"default": "None"}),
        post(client, service, "/account/tokens", {"name": "x", "role": "Admin"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert sign_in(service).get(f"{service.url}/users", timeout=10).ok


def test_the_last_admin_stays(service: WebService) -> None:
    guid = user_of(service, ADMIN_EMAIL).guid

    for path in (f"/users/{guid}", f"/users/{guid}/remove", f"/users/{guid}/disable"):
        answer = post(sign_in(service), service, path, {"role": "User"})

        assert answer.status_code == 422
        assert "is the last Admin and has to stay" in answer.text


def test_who_does_not_manage_users_has_own_tokens_only(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor = visit(service)
    visitor.sign_in(LIMITED_EMAIL, PASSWORD)
    visitor.goto("/account/tokens")
    expect(visitor.page.get_by_text("There is none yet.")).to_be_visible()
    expect(visitor.page.get_by_role("link", name="Users")).to_have_count(0)

    client, guid = sign_in(service, LIMITED_EMAIL), user_of(service, LIMITED_EMAIL).guid
    assert client.get(f"{service.url}/users", timeout=10).status_code == 403
    assert client.get(f"{service.url}/users/{guid}", timeout=10).status_code == 403
    new = {"email": "x@example.com", "password": PASSWORD, "role": "User"}
    for path in (
        "/users",
        f"/users/{guid}",
        f"/users/{guid}/password",
        f"/users/{guid}/disable",
        f"/users/{guid}/access",
        f"/users/{guid}/remove",
    ):
        assert post(client, service, path, new).status_code == 403


@pytest.mark.parametrize("guid", ["0" * 32, "a%00b", "0" * 31 + "G"])
def test_a_user_who_is_not_there_is_not_found(service: WebService, guid: str) -> None:
    assert sign_in(service).get(f"{service.url}/users/{guid}", timeout=10).status_code == 404


def test_a_form_of_another_site_adds_no_user(service: WebService) -> None:
    form = {"form_token": "00", "email": "x@example.com", "password": PASSWORD, "role": "User"}

    for path in ("/users", "/account/tokens"):
        assert sign_in(service).post(service.url + path, data=form, timeout=10).status_code == 403
