"""The pictures of the docs: `make screenshots` writes them from monitors made for it. No test; run as a program.

Give a folder to have all pages, light and dark, on a desk and on a phone, to look at.
"""

import re
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page
from tests.api.harness import OPERATOR
from tests.web.browser import open_browser
from tests.web.calendar_seed import add_blackouts, add_sla
from tests.web.service import ADMIN_EMAIL, PASSWORD, WebService, seed, serve
from tests.web.status_seed import seed_status
from tests.web.test_alerts import send_out

from mailtrip.model import AlertMethod, DeliveryAnswer
from mailtrip.service import alert_log, groups, recipients

PICTURES = Path(__file__).parents[2] / "docs/pictures"
_WIDTHS = {"desk": (1280, 800), "phone": (390, 844)}
_OF_ALERTS = (
    "alerts",
    "alerts/recipients",
    "alerts/recipients/100001?test=100001",
    "alerts/recipients/100001/edit",
    "alerts/recipients/100001/delete",
    "alerts/recipients/new",
    "alerts/recipients/new?method=101",
    "alerts/groups",
    "alerts/groups/100001/edit",
    "alerts/groups/new",
)
_PLANNED = (
    "alerts/blackouts",
    "alerts/blackouts?view=month",
    "alerts/blackouts?view=list",
    "alerts/blackouts/new",
    "alerts/slas",
    "alerts/slas/new",
    "monitors/bulk?all=yes",
)
_SCHEMES: Sequence[Literal["light", "dark"]] = ("light", "dark")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as data, serve(Path(data)) as service, open_browser() as browser:
        if folder is not None:
            _take(browser, service, folder, "sign-in", "/sign-in", is_signed_in=False)
            _take(browser, service, folder, "new", "/overview")
        seed(service)
        if folder is None:
            PICTURES.mkdir(exist_ok=True)
            for scheme in _SCHEMES:
                _picture(browser, service, PICTURES / f"overview-{scheme}.png", "/overview", "desk", scheme)
            return
        _add_recipients(service)
        add_blackouts(service)
        add_sla(service, "Orders")
        pages = ("overview", "account", "account/second-factor", "nowhere", *_OF_ALERTS, *_PLANNED)
        for name, path in ((re.sub(r"\W", "-", page), f"/{page}") for page in pages):
            _take(browser, service, folder, name, path)
        _take(browser, service, folder, "status", seed_status(service), is_signed_in=False)
        for page in ("status-page", "status-page/incidents", "status-page/incidents/100001"):
            _take(browser, service, folder, page.replace("/", "-"), f"/{page}")


def _add_recipients(service: WebService) -> None:
    """Two that are told of what was tested, and a group of them."""
    ids = []
    for changes in (
        {"method": AlertMethod.EMAIL_HTML, "address": "night@example.com", "name": "Night shift", "start_threshold": 2},
        {"method": AlertMethod.WEB_JSON, "address": "https://hooks.example.com/services/T0/key"},
    ):
        create = partial(recipients.create, actor=OPERATOR, changes=changes, password=None, secrets=service.keys)
        ids.append(recipient_id := service.database.write(partial(create, now=service.clock.now())))
        order = partial(alert_log.order_test, actor=OPERATOR, recipient_id=recipient_id, now=service.clock.now())
        service.database.write(order)
    group = {
        "name": "Shop",
        "monitor_ids": (service.monitor_ids["Shop"], service.monitor_ids["Orders"]),
        "recipient_ids": tuple(ids),
        "status_codes": (104, 204),
        "is_urgent": True,
        "escalate_after": timedelta(minutes=30),
        "escalate_to": tuple(ids[:1]),
    }
    service.database.write(partial(groups.create, actor=OPERATOR, changes=group, now=service.clock.now()))
    send_out(service, DeliveryAnswer(is_sent=False, is_temporary=True, text="450 4.2.0 greylisted, try again"))


def _take(
    browser: Browser, service: WebService, folder: Path, name: str, path: str, *, is_signed_in: bool = True
) -> None:
    for device in _WIDTHS:
        for scheme in _SCHEMES:
            target = folder / f"{name}-{device}-{scheme}.png"
            _picture(browser, service, target, path, device, scheme, is_signed_in=is_signed_in, is_whole=True)


def _picture(
    browser: Browser,
    service: WebService,
    target: Path,
    path: str,
    device: str,
    scheme: Literal["light", "dark"],
    *,
    is_signed_in: bool = True,
    is_whole: bool = False,
) -> None:
    width, height = _WIDTHS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    page = context.new_page()
    if is_signed_in:
        _sign_in(page, service)
    page.goto(service.url + path)
    page.screenshot(path=target, full_page=is_whole)
    context.close()


def _sign_in(page: Page, service: WebService) -> None:
    page.goto(f"{service.url}/sign-in")
    page.get_by_label("Email address").fill(ADMIN_EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/overview")


if __name__ == "__main__":
    main()
