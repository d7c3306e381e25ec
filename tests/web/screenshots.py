"""The pictures of the docs: `make screenshots` writes them from monitors made for it. No test; run as a program.

Give a folder to have all pages, light and dark, on a desk and on a phone, to look at.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page
from tests.web.browser import open_browser
from tests.web.service import ADMIN_EMAIL, PASSWORD, WebService, seed, serve

PICTURES = Path(__file__).parents[2] / "docs/pictures"
_WIDTHS = {"desk": (1280, 800), "phone": (390, 844)}
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
        pages = ("overview", "account", "account/second-factor", "nowhere")
        for name, path in ((page.replace("/", "-"), f"/{page}") for page in pages):
            _take(browser, service, folder, name, path)


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
