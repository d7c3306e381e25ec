"""The pictures of the docs: `make screenshots` writes them from monitors made for it. No test; run as a program.

Give a folder to have all pages, light and dark, on a desk and on a phone, to look at; and a word to have those only whose
name has it.
"""

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page
from tests.api.harness import OPERATOR
from tests.contract.store.builders import full_result
from tests.web.browser import open_browser
from tests.web.calendar_seed import add_blackouts, add_sla
from tests.web.service import ADMIN_EMAIL, PASSWORD, WebService, seed, serve
from tests.web.status_seed import seed_status
from tests.web.test_alerts import send_out
from tests.web.test_run import add_run, failed

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
_MADE = (
    "monitors/new",
    "monitors/new?type=email-imap",
    "monitors/import",
    "monitors/import/alertsite",
)
_REPORTS = ("reports?span=day", "reports?from=2025-01-01&to=2025-01-31")
_REGISTERS = ("locations", "audit", "system", "account", "account/tokens", "account/sessions", "nowhere")
_OF_STATUS = ("status-page", "status-page/incidents", "status-page/incidents/100001")
_SCHEMES: Sequence[Literal["light", "dark"]] = ("light", "dark")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as data, serve(Path(data)) as service, open_browser() as browser:
        if folder is None:
            seed(service)
            _take_for_docs(browser, service)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            _take_all(browser, service, folder, sys.argv[2] if len(sys.argv) > 2 else "")


def _take_for_docs(browser: Browser, service: WebService) -> None:
    """The overview, light and dark; a monitor and a report, light."""
    PICTURES.mkdir(exist_ok=True)
    monitor = f"/monitors/{service.monitor_ids['Orders']}"
    others = {"monitor": monitor, "report": "/reports?span=day"}
    for scheme in _SCHEMES:
        with _visiting(browser, service, "desk", scheme) as page:
            for name, path in {"overview": "/overview", **(others if scheme == "light" else {})}.items():
                _picture(page, service, PICTURES / f"{name}-{scheme}.png", path)


def _take_all(browser: Browser, service: WebService, folder: Path, word: str) -> None:
    strangers = {"sign-in": "/sign-in"}
    _take(browser, service, folder, _named(strangers, word), is_signed_in=False)
    _take(browser, service, folder, _named({"new": "/overview", "new-reports": "/reports"}, word))
    seed(service)
    _take(browser, service, folder, _named({"overview": "/overview"}, word))
    run_ids = _add_runs(service)
    _add_recipients(service)
    add_blackouts(service)
    add_sla(service, "Orders")
    monitor_ids = (service.monitor_ids[name] for name in ("Orders", "Shop", "Not run yet"))
    monitors = [f"monitors/{monitor_id}" for monitor_id in monitor_ids]
    made = (
        *_MADE,
        f"{monitors[0]}/edit",
        f"{monitors[0]}/delete",
        f"monitors/new?from={service.monitor_ids['Orders']}",
    )
    runs = [f"runs/{run_id}" for run_id in run_ids]
    pages = (*monitors, *made, *runs, *_OF_ALERTS, *_PLANNED, *_REPORTS, *_REGISTERS)
    _take(browser, service, folder, _named({re.sub(r"\W", "-", page): f"/{page}" for page in pages}, word))
    public = {"status": seed_status(service)}
    _take(browser, service, folder, _named(public, word), is_signed_in=False)
    _take(browser, service, folder, _named({page.replace("/", "-"): f"/{page}" for page in _OF_STATUS}, word))


def _named(pages: Mapping[str, str], word: str) -> dict[str, str]:
    return {name: path for name, path in pages.items() if word in name}


def _add_runs(service: WebService) -> list[int]:
    """Runs with all that there is to tell of one: late, and with a refused login; their ids."""
    return [add_run(service, result, "Invoices") for result in (failed(), full_result())]


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
    browser: Browser, service: WebService, folder: Path, pages: Mapping[str, str], *, is_signed_in: bool = True
) -> None:
    for device, scheme in product(_WIDTHS, _SCHEMES) if pages else ():
        with _visiting(browser, service, device, scheme, is_signed_in=is_signed_in) as page:
            for name, path in pages.items():
                _picture(page, service, folder / f"{name}-{device}-{scheme}.png", path, is_whole=True)


@contextmanager
def _visiting(
    browser: Browser,
    service: WebService,
    device: str,
    scheme: Literal["light", "dark"],
    *,
    is_signed_in: bool = True,
) -> Iterator[Page]:
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
    yield page
    context.close()


def _picture(page: Page, service: WebService, target: Path, path: str, *, is_whole: bool = False) -> None:
    """A picture with a palette, which is a third as large as one without."""
    page.goto(service.url + path)
    if page.locator("[data-series]").count():
        page.locator(".uplot").wait_for()
    with Image.open(BytesIO(page.screenshot(full_page=is_whole))) as image:
        image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE).save(
            target, optimize=True
        )


def _sign_in(page: Page, service: WebService) -> None:
    page.goto(f"{service.url}/sign-in")
    page.get_by_label("Email address").fill(ADMIN_EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/overview")


if __name__ == "__main__":
    main()
