"""Signing in and out, as a person would, and as an attacker would."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from playwright.sync_api import expect
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, PASSWORD, WebService

from mailtrip.service.login_limiter import LoginLimiter


def test_whoever_has_not_signed_in_is_led_there_and_back_to_the_page(stranger: Visitor) -> None:
    stranger.goto("/account")
    assert stranger.page.url.endswith("/sign-in?next=%2Faccount")

    stranger.sign_in(ADMIN_EMAIL, PASSWORD)
    expect(stranger.page).to_have_url(f"{stranger.url}/account")


def test_the_first_page_leads_to_the_overview(admin: Visitor) -> None:
    admin.goto("/")

    expect(admin.page).to_have_url(f"{admin.url}/overview")


def test_a_wrong_password_is_told_and_an_unknown_user_in_the_same_words(stranger: Visitor) -> None:
    texts = []
    for email in (ADMIN_EMAIL, "nobody@example.com"):
        stranger.sign_in(email, "a wrong password")
        texts.append(stranger.page.get_by_role("alert").inner_text())
        expect(stranger.page.get_by_label("Email address")).to_have_value(email)
        assert stranger.troubles.pop().startswith(
            "console: Failed to load resource: the server responded with a status"
        )
    stranger.look()

    assert texts[0] == texts[1]
    assert "Try again" in texts[0]


def test_signing_out_ends_the_session_for_good(admin: Visitor, service: WebService) -> None:
    cookies = {cookie["name"]: cookie["value"] for cookie in admin.context.cookies()}
    admin.page.get_by_role("button", name="Sign out").click()
    expect(admin.page).to_have_url(f"{admin.url}/sign-in")

    again = requests.get(f"{service.url}/overview", cookies=cookies, allow_redirects=False, timeout=10)

    assert again.headers["Location"].startswith("/sign-in")


def test_the_session_is_another_one_after_each_sign_in_and_no_script_can_read_it(admin: Visitor) -> None:
    before = session_of(admin)
    admin.page.goto(f"{admin.url}/sign-in")
    admin.sign_in(ADMIN_EMAIL, PASSWORD)
    expect(admin.page).to_have_url(f"{admin.url}/overview")

    after = session_of(admin)

    assert before["value"] != after["value"]
    assert (after["httpOnly"], after["sameSite"], after["secure"]) == (True, "Lax", False)


def session_of(visitor: Visitor) -> dict[str, object]:
    [found] = [dict(cookie) for cookie in visitor.context.cookies() if cookie["name"] == "mailtrip-session"]
    return found


def test_light_and_dark_are_chosen_by_hand_and_kept(admin: Visitor) -> None:
    admin.goto("/account")
    root = admin.page.locator("html")
    for theme in ("light", "dark", "auto"):
        admin.page.get_by_role("button", name="Theme").click()
        expect(root).to_have_attribute("data-theme", theme)
    expect(admin.page).to_have_url(f"{admin.url}/account")
    admin.page.get_by_role("button", name="Theme").click()
    admin.goto("/overview")

    expect(root).to_have_attribute("data-theme", "light")


@pytest.fixture
def session(service: WebService) -> requests.Session:
    """A client that is no browser, signed in."""
    client = requests.Session()
    client.trust_env = False
    page = client.get(f"{service.url}/sign-in", timeout=10)
    form = {"form_token": token_of(page), "email": ADMIN_EMAIL, "password": PASSWORD}
    answer = client.post(f"{service.url}/sign-in", data=form, timeout=10)
    assert answer.url == f"{service.url}/overview"
    return client


def token_of(page: requests.Response) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("headers", "has_token"),
    [
        ({}, False),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Origin": "https://elsewhere.example"}, True),
        ({"Origin": "null"}, True),
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/theme", "/account/password"])
def test_a_form_of_another_site_is_refused(
    session: requests.Session, service: WebService, path: str, headers: dict[str, str], has_token: bool
) -> None:
    form = (
        {"form_token": token_of(session.get(f"{service.url}/account", timeout=10))}
        if has_token
        else {"form_token": "00"}
    )

    answer = session.post(f"{service.url}{path}", data=form, headers=headers, timeout=10)

    assert answer.status_code == 403
    assert session.get(f"{service.url}/account", timeout=10).url.endswith("/account")


def test_a_form_of_another_session_is_refused(session: requests.Session, service: WebService) -> None:
    foreign = token_of(requests.get(f"{service.url}/sign-in", timeout=10))

    assert session.post(f"{service.url}/sign-out", data={"form_token": foreign}, timeout=10).status_code == 403


def test_tokens_differ_each_time_and_both_are_taken(session: requests.Session, service: WebService) -> None:
    tokens = [token_of(session.get(f"{service.url}/account", timeout=10)) for _ in range(2)]

    answers = [
        session.post(f"{service.url}/theme", data={"form_token": token, "theme": "dark"}, timeout=10)
        for token in tokens
    ]

    assert tokens[0] != tokens[1]
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize("place", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"])
def test_nobody_is_led_to_another_site(service: WebService, place: str) -> None:
    client = requests.Session()
    page = client.get(f"{service.url}/sign-in", timeout=10)
    form = {"form_token": token_of(page), "email": ADMIN_EMAIL, "password": PASSWORD}

    answer = client.post(f"{service.url}/sign-in", params={"next": place}, data=form, allow_redirects=False, timeout=10)

    assert answer.headers["Location"] == "/overview"


@pytest.mark.parametrize(("hours", "lasts"), [(11, True), (13, False)])
def test_a_session_that_is_not_used_ends(
    session: requests.Session, service: WebService, hours: int, lasts: bool
) -> None:
    service.clock.move(timedelta(hours=hours).total_seconds())

    assert session.get(f"{service.url}/account", timeout=10).url.endswith("/account") is lasts


def test_a_session_ends_after_a_week_however_much_it_is_used(session: requests.Session, service: WebService) -> None:
    for _ in range(14):
        service.clock.move(timedelta(hours=11, minutes=50).total_seconds())
        assert session.get(f"{service.url}/account", timeout=10).url.endswith("/account")
    service.clock.move(timedelta(hours=4).total_seconds())

    assert session.get(f"{service.url}/account", timeout=10).url.endswith("/sign-in?next=%2Faccount")


def test_too_many_wrong_passwords_are_told_with_the_time_to_wait(
    service: WebService, stranger: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "127.0.0.1"
    for _ in range(10):
        service.limiter.admit(address=address, email="guessed@example.com", at=service.clock.monotonic())
    try:
        stranger.sign_in("guessed@example.com", PASSWORD)
        assert "Too many failed logins; try again in" in stranger.page.get_by_role("alert").inner_text()
    finally:
        for _ in range(10):
            service.limiter.withdraw(address=address, email="guessed@example.com")


def test_guesses_at_the_api_and_on_the_page_are_counted_together(service: WebService) -> None:
    assert isinstance(service.limiter, LoginLimiter)
    login = {"username": "both@example.com", "password": "wrong wrong"}
    for _ in range(10):
        requests.post(f"{service.url}/api/v3/access-tokens", json=login, timeout=10)
    client = requests.Session()
    form = {"form_token": token_of(client.get(f"{service.url}/sign-in", timeout=10)), "email": "both@example.com"}

    answer = client.post(f"{service.url}/sign-in", data=form | {"password": "wrong"}, timeout=10)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    for _ in range(10):
        service.limiter.withdraw(address="127.0.0.1", email="both@example.com")


@pytest.mark.parametrize("has_script", [True, False])
def test_a_new_password_signs_out_everywhere_else(
    service: WebService, visit: Callable[..., Visitor], session: requests.Session, has_script: bool
) -> None:
    visitor = visit(service, has_script=has_script)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/account")
    for password in ("another password", PASSWORD):
        visitor.page.get_by_label("Password now").fill("another password" if password == PASSWORD else PASSWORD)
        visitor.page.get_by_label("New password", exact=True).fill(password)
        visitor.page.get_by_label("New password again").fill(password)
        visitor.page.get_by_role("button", name="Change password").click()
        expect(visitor.page.get_by_role("status")).to_have_text("Your password is changed.")
    visitor.look()

    assert session.get(f"{service.url}/account", timeout=10).url.endswith("/sign-in?next=%2Faccount")


@pytest.mark.parametrize(
    ("now", "new", "again", "fault"),
    [
        (PASSWORD, "short", "short", "has 5 characters"),
        (PASSWORD, "long enough", "another one", "was not repeated"),
        ("a wrong one", "long enough", "long enough", "is another one"),
    ],
)
def test_what_is_wrong_with_a_new_password_is_told(
    session: requests.Session, service: WebService, now: str, new: str, again: str, fault: str
) -> None:
    form = {
        "form_token": token_of(session.get(f"{service.url}/account", timeout=10)),
        "password": now,
        "new_password": new,
        "repeated_password": again,
    }

    answer = session.post(f"{service.url}/account/password", data=form, timeout=10)

    assert answer.status_code == 422
    assert fault in answer.text
    service.limiter.succeeded(address="127.0.0.1", email=ADMIN_EMAIL)


def another_session(service: WebService, user_agent: str) -> requests.Session:
    """The administrator, signed in from somewhere else."""
    client = requests.Session()
    client.trust_env = False
    client.headers["User-Agent"] = user_agent
    page = client.get(f"{service.url}/sign-in", timeout=10)
    form = {"form_token": token_of(page), "email": ADMIN_EMAIL, "password": PASSWORD}
    assert client.post(f"{service.url}/sign-in", data=form, timeout=10).url == f"{service.url}/overview"
    return client


def lasts(client: requests.Session, service: WebService) -> bool:
    return client.get(f"{service.url}/account", timeout=10).url.endswith("/account")


def test_users_see_their_sessions_and_end_one_or_all_others(admin: Visitor, service: WebService) -> None:
    phone = another_session(service, "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0")
    others = [another_session(service, "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0") for _ in range(2)]
    admin.goto("/account")
    admin.page.get_by_role("link", name="Sessions").click()
    admin.look()
    this = admin.page.get_by_role("row").filter(has_text="this one")
    expect(this).to_contain_text("Chrome on Linux")
    expect(this).to_contain_text("127.0.0.*")
    expect(this.get_by_role("button")).to_have_count(0)

    admin.page.get_by_role("button", name="End Firefox on Android").click()
    expect(admin.page.get_by_role("status")).to_have_text("The session is ended.")
    assert (lasts(phone, service), [lasts(each, service) for each in others]) == (False, [True, True])
    admin.page.get_by_role("button", name="End all others").click()
    expect(admin.page.get_by_role("status")).to_have_text("You are signed out everywhere else.")
    admin.look()

    expect(admin.page.get_by_text("You are signed in nowhere else.")).to_be_visible()
    assert [lasts(each, service) for each in others] == [False, False]


def test_a_session_that_has_ended_meanwhile_is_told(session: requests.Session, service: WebService) -> None:
    form = {"form_token": token_of(session.get(f"{service.url}/account/sessions", timeout=10))}

    answer = session.post(f"{service.url}/account/sessions/{'0' * 16}/end", data=form, timeout=10)

    assert "That session had ended already." in answer.text
