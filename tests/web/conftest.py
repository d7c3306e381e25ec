"""One browser and one service for each module of tests: the browser's library does not go with tests that are coroutines."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser
from structlog.testing import capture_logs
from tests.web.browser import AXE, CHROMIUM, Visitor, open_browser, visiting
from tests.web.service import ADMIN_EMAIL, PASSWORD, WebService, seed, serve


@pytest.fixture(autouse=True)
def _no_bug_is_logged() -> Iterator[None]:
    """A request that fails on our side fails its test."""
    with capture_logs() as logs:
        yield
    assert [entry for entry in logs if entry["event"] == "request failed"] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = "needs Chromium: make packages, or apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    assert AXE.exists(), "the assets are not built: python hatch_build.py"
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    """With monitors in each state."""
    with serve(tmp_path_factory.mktemp("web")) as served:
        seed(served)
        yield served


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors of a service."""
    with ExitStack() as stack:
        yield lambda service, **options: stack.enter_context(visiting(browser, service.url, **options))


@pytest.fixture
def stranger(visit: Callable[..., Visitor], service: WebService) -> Visitor:
    """Somebody who has not signed in."""
    return visit(service)


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def admin(request: pytest.FixtureRequest, visit: Callable[..., Visitor], service: WebService) -> Visitor:
    """The administrator, signed in, with and without script."""
    visitor = visit(service, has_script=request.param)
    visitor.sign_in(ADMIN_EMAIL, PASSWORD)
    return visitor
