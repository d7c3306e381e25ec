"""A real browser, and what is looked at on each page that a test visits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

__all__ = ["Visitor", "open_browser", "visiting"]

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PHONE, _DESK = {"width": 360, "height": 760}, {"width": 1280, "height": 900}
_AXE = "() => axe.run(document, {resultTypes: ['violations']})"


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


class Visitor:
    """Somebody with a browser. `goto` and `look` check all that holds for each page."""

    def __init__(self, context: BrowserContext, url: str, *, has_script: bool) -> None:
        self.context = context
        self.url = url
        self.has_script = has_script
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", self._on_request)
        self.troubles: list[str] = []

    def goto(self, path: str) -> None:
        """Open a page, and look at it."""
        self.page.goto(self.url + path)
        self.look()

    def sign_in(self, email: str, password: str) -> None:
        """Sign in on the page that is open, or on the usual one."""
        if urlsplit(self.page.url).path != "/sign-in":
            self.page.goto(self.url + "/sign-in")
        self.page.get_by_label("Email address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def look(self) -> None:
        """See that the page that is open is in order: on a phone and on a desk, light and dark."""
        assert self.troubles == []
        self.page.set_viewport_size(_PHONE)  # type: ignore[arg-type]  # a TypedDict of these
        widths = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert widths[0] <= widths[1], f"{self.page.url} scrolls sideways on a phone: {widths}"
        self.page.set_viewport_size(_DESK)  # type: ignore[arg-type]  # as above
        if self.has_script:
            self._look_with_axe("light")
            self._look_with_axe("dark")
            self.page.emulate_media(color_scheme="light")
        assert self.troubles == []

    def _look_with_axe(self, scheme: Literal["light", "dark"]) -> None:
        self.page.emulate_media(color_scheme=scheme)
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate(_AXE)  # Any: axe's own report
        serious = [each for each in found["violations"] if each["impact"] in {"serious", "critical"}]
        shown = [
            (each["id"], [(node["html"], node["failureSummary"]) for node in each["nodes"]][:3]) for each in serious
        ]
        assert not shown, f"{self.page.url} in {scheme}: {shown}"

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.troubles.append(f"request to another host: {request.url}")


@contextmanager
def visiting(browser: Browser, url: str, *, has_script: bool = True) -> Iterator[Visitor]:
    """Somebody new, without cookies."""
    context = browser.new_context(
        java_script_enabled=has_script, locale="en-GB", timezone_id="Europe/Rome", reduced_motion="reduce"
    )
    try:
        yield Visitor(context, url, has_script=has_script)
    finally:
        context.close()
