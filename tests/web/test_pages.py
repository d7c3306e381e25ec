"""What holds for all pages: headers, errors, files, sizes, and what they are like without their files."""

import gzip
import re
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect
from structlog.testing import capture_logs
from tests.web.browser import Visitor
from tests.web.service import ADMIN_EMAIL, PASSWORD, WebService, serve
from tests.web.test_events import sign_in

from mailtrip.web.assets import Assets

STATIC = Path(__file__).parents[2] / "src/mailtrip/web/static"


def test_a_page_that_is_not_there_says_so_and_leads_back(admin: Visitor) -> None:
    admin.page.goto(f"{admin.url}/nowhere")
    assert admin.troubles == [] or "404" in admin.troubles.pop()
    admin.look()

    expect(admin.page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    admin.page.get_by_role("link", name="To the overview").click()
    expect(admin.page).to_have_url(f"{admin.url}/overview")


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/nowhere", 404, "There is no such page"),
        ("GET", "/static/nothing.js", 404, "There is no such page"),
        ("GET", "/static/manifest.json", 404, "There is no such page"),
        ("GET", "/static/..%2fassets.py", 404, "There is no such page"),
        ("DELETE", "/overview", 405, "That did not work"),
        ("POST", "/sign-in", 400, "That did not work"),
    ],
)
def test_an_error_is_a_page_with_all_headers(
    service: WebService, method: str, path: str, status: int, text: str
) -> None:
    answer = requests.request(method, service.url + path, timeout=10)

    assert answer.status_code == status
    assert f"<h1>{text}</h1>" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert_strict(answer)


def test_the_keyboard_gets_past_the_header(admin: Visitor) -> None:
    admin.goto("/overview")
    admin.page.keyboard.press("Tab")
    expect(admin.page.get_by_role("link", name="Skip to content")).to_be_focused()
    admin.page.keyboard.press("Enter")

    expect(admin.page.get_by_role("main")).to_be_focused()


def test_a_part_of_a_page_that_lost_its_session_has_the_page_led_to_sign_in(service: WebService) -> None:
    answer = requests.get(f"{service.url}/overview", headers={"HX-Request": "true"}, timeout=10)

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in")


@pytest.mark.parametrize("path", ["/api/v3/nowhere", "/api/nowhere", "/report-api/nowhere"])
def test_the_api_answers_as_it_did(service: WebService, path: str) -> None:
    answer = requests.get(service.url + path, timeout=10)

    assert answer.status_code == 404
    assert answer.json() == {"errors": [{"code": 404, "message": "Record not found"}]}


def assert_strict(answer: requests.Response) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/overview",
        "/account",
        "/sign-in",
        "/alerts/blackouts",
        "/alerts/blackouts?view=month",
        "/alerts/blackouts/new",
        "/alerts/slas",
        "/alerts/slas/new",
        "/monitors/bulk",
    ],
)
def test_a_page_holds_no_style_script_or_address_of_others(service: WebService, path: str) -> None:
    answer = sign_in(service).get(service.url + path, timeout=10)

    assert answer.status_code == 200
    assert_strict(answer)
    assert re.findall(r"\sstyle=|\son\w+=|<style|<script(?! type=\"module\" src=\"/static/)", answer.text) == []
    assert re.findall(r"(?:src|href|action)=\"(?!/|#)[^\"]*\"", answer.text) == []


def test_the_first_page_is_small(service: WebService) -> None:
    client = sign_in(service)
    page = client.get(f"{service.url}/overview", timeout=10)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    answers = [page, *(client.get(service.url + path, timeout=10) for path in set(files))]

    assert len(answers) == 4
    assert {answer.headers["Content-Encoding"] for answer in answers} == {"gzip"}
    assert sum(int(answer.headers["Content-Length"]) for answer in answers) < 100_000
    assert sum(len(gzip.compress(path.read_bytes())) for path in STATIC.glob("*.js")) < 60_000


def test_files_are_named_after_their_content_and_kept_for_ever(service: WebService) -> None:
    name = Assets.load().url("app.css")
    assert name is not None
    assert re.match(r"/static/app-[A-Z0-9]{8}\.css\Z", name)

    plain = requests.get(service.url + name, headers={"Accept-Encoding": "identity"}, timeout=10)

    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "Content-Encoding" not in plain.headers
    assert plain.content == requests.get(service.url + name, timeout=10).content


def test_without_its_files_a_page_is_plain_and_says_so(tmp_path: Path) -> None:
    with serve(tmp_path, assets=Assets({}, {})) as service:
        page = sign_in(service).get(f"{service.url}/overview", timeout=10)

    assert page.status_code == 200
    assert "This installation has no styles and scripts" in page.text
    assert "/static/" not in page.text


def test_a_bug_is_a_page_with_the_number_of_the_request(tmp_path: Path) -> None:
    with serve(tmp_path) as service:
        client = sign_in(service)
        service.database.close()  # its threads take no more work: nothing that a request could cause
        with capture_logs() as logs:
            answer = client.get(f"{service.url}/overview", timeout=10)

    assert [entry["event"] for entry in logs] == ["request failed"]
    assert answer.status_code == 500
    assert "<h1>Something went wrong</h1>" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_the_edge_refuses_in_pages_too(tmp_path: Path) -> None:
    with serve(tmp_path, most_calls=1) as service:
        answers = [requests.get(f"{service.url}/sign-in", timeout=10) for _ in range(3)]

    assert answers[-1].status_code == 429
    assert "<h1>Too many requests</h1>" in answers[-1].text
    assert answers[-1].headers["Retry-After"]
    assert ADMIN_EMAIL not in answers[-1].text
    assert PASSWORD not in answers[-1].text
