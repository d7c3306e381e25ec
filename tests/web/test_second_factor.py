"""The second factor, as a person sets it up, uses it and loses it."""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO

import pytest
import requests
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from PIL import Image
from playwright.sync_api import expect
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, PASSWORD, WebService, serve


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    with serve(tmp_path_factory.mktemp("factor")) as served:
        yield served


def code_of(secret: str, service: WebService) -> str:
    """What the app shows just now."""
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return totp.generate(int(service.clock.now().timestamp())).decode()


def turn_on(visitor: Visitor, service: WebService) -> tuple[str, list[str]]:
    """Turn it on as a user would: the secret, and the recovery codes."""
    visitor.goto("/account")
    visitor.page.get_by_role("link", name="Add a second factor").click()
    visitor.look()
    secret = visitor.page.locator("code").inner_text().replace(" ", "")
    visitor.page.get_by_label("Code").fill(code_of(secret, service))
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Turn on").click()
    visitor.look()
    service.clock.move(timedelta(seconds=30).total_seconds())
    return secret, visitor.page.locator(".codes code").all_inner_texts()


@pytest.mark.parametrize("has_script", [True, False])
def test_whoever_has_one_signs_in_with_a_code_of_the_app_or_a_recovery_code(
    visit: Callable[..., Visitor], service: WebService, has_script: bool
) -> None:
    visitor = visit(service, has_script=has_script)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    secret, recovery = turn_on(visitor, service)
    assert len(recovery) == 8

    for code in (code_of(secret, service), recovery[0]):
        visitor.page.get_by_role("button", name="Sign out").click()
        visitor.page.goto(f"{visitor.url}/account")
        visitor.sign_in(ADMIN_EMAIL, PASSWORD)
        visitor.look()
        visitor.page.get_by_label("Code").fill("123")
        visitor.page.get_by_role("button", name="Sign in").click()
        expect(visitor.page.get_by_role("alert")).to_have_text("That is no code of now. Type the next one.")
        visitor.troubles.clear()  # the browser tells of the answer's status
        visitor.page.get_by_label("Code").fill(code)
        visitor.page.get_by_role("button", name="Sign in").click()
        expect(visitor.page).to_have_url(f"{visitor.url}/account")

    visitor.page.get_by_role("link", name="Turn that off").click()
    visitor.look()
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Turn off").click()
    expect(visitor.page.get_by_text("Your logins need a password only.")).to_be_visible()


def test_neither_a_wrong_code_nor_a_wrong_password_turns_it_on(
    visit: Callable[..., Visitor], service: WebService
) -> None:
    visitor = visit(service, has_script=False)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/account/second-factor")
    secret = visitor.page.locator("code").inner_text().replace(" ", "")
    for code, password, fault in (("000000", PASSWORD, "The code is not"), ("", "wrong wrong", "That is not your")):
        visitor.page.get_by_label("Code").fill(code or code_of(secret, service))
        visitor.page.get_by_label("Password").fill(password)
        visitor.page.get_by_role("button", name="Turn on").click()
        expect(visitor.page.get_by_role("alert")).to_contain_text(fault)

    visitor.troubles.clear()
    visitor.goto("/account")
    expect(visitor.page.get_by_text("Your logins need a password only.")).to_be_visible()


def test_the_qr_code_is_black_on_white_in_the_dark_too(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor = visit(service, has_script=True)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/account/second-factor")
    visitor.page.emulate_media(color_scheme="dark")
    code = visitor.page.get_by_role("img", name="to scan")
    side = float((code.locator("svg").get_attribute("viewBox") or "").split()[2])

    picture = Image.open(BytesIO(code.screenshot())).convert("RGB")

    module = picture.width / side
    assert picture.getpixel((int(2 * module), int(2 * module))) == (255, 255, 255)  # the margin
    assert picture.getpixel((int(4.5 * module), int(4.5 * module))) == (0, 0, 0)  # the first corner


def test_a_key_that_is_none_is_refused_and_another_one_offered(
    visit: Callable[..., Visitor], service: WebService
) -> None:
    visitor = visit(service, has_script=False)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    visitor.goto("/account/second-factor")
    visitor.page.locator("[name=secret]").evaluate("field => { field.value = 'A'.repeat(5000) }")
    visitor.page.get_by_label("Code").fill("123456")
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Turn on").click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("The code is not what the app shows")
    assert re.fullmatch(r"(?:[A-Z2-7]{8} ?){4}", visitor.page.locator("code").inner_text())
    visitor.troubles.clear()  # the browser tells of the answer's status


def test_the_api_takes_no_password_of_such_a_user(visit: Callable[..., Visitor], service: WebService) -> None:
    visitor = visit(service, has_script=False)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    turn_on(visitor, service)
    login = {"username": ADMIN_EMAIL, "password": PASSWORD}

    answers = [
        requests.post(f"{service.url}/api/v3/access-tokens", json=login, timeout=10),
        requests.get(f"{service.url}/report-api/sitestatus/C1", auth=(ADMIN_EMAIL, PASSWORD), timeout=10),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert all("use an API token" in answer.text for answer in answers)


def test_codes_can_not_be_guessed_by_whoever_knows_the_password(
    visit: Callable[..., Visitor], service: WebService
) -> None:
    visitor = visit(service, has_script=False)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    turn_on(visitor, service)
    client = requests.Session()
    page = client.get(f"{service.url}/sign-in", timeout=10)
    statuses = []
    for _ in range(11):
        form = {"form_token": field(page, "form_token"), "email": ADMIN_EMAIL, "password": PASSWORD}
        page = client.post(f"{service.url}/sign-in", data=form, timeout=10)
        if page.status_code == 429:
            break
        form = {"form_token": field(page, "form_token"), "email": ADMIN_EMAIL, "ticket": field(page, "ticket")}
        page = client.post(f"{service.url}/sign-in/code", data=form | {"code": "000000"}, timeout=10)
        statuses.append(page.status_code)

    assert statuses == [422] * 10
    assert page.status_code == 429


def field(page: requests.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]
