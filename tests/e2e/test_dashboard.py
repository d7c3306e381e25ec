"""The dashboard of the service in its own processes: signed in to, followed, and no reason not to stop."""

import re
import threading
from pathlib import Path

import requests
from tests.e2e.running import ADMIN, ADMIN_PASSWORD, service


def test_the_dashboard_is_there_and_a_page_that_follows_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        client = requests.Session()
        client.trust_env = False
        page = client.get(f"{running.url}/", timeout=10)
        assert page.url == f"{running.url}/sign-in?next=%2Foverview"
        token = re.search(r'name="form_token" value="(\w+)"', page.text)
        assert token is not None
        form = {"form_token": token[1], "email": ADMIN, "password": ADMIN_PASSWORD}
        page = client.post(page.url, data=form, timeout=10)
        assert "<h1>No monitors yet</h1>" in page.text
        styles = re.search(r'href="(/static/app-\w+\.css)"', page.text)
        assert styles is not None
        assert client.get(running.url + styles[1], timeout=10).headers["Content-Type"].startswith("text/css")
        stream = client.get(f"{running.url}/events", stream=True, timeout=20)
        lines = stream.iter_lines(decode_unicode=True)
        assert next(lines) == "retry: 2000"
        rest: list[str] = []
        reader = threading.Thread(target=lambda: rest.extend(lines))
        reader.start()
    reader.join(10)

    assert not reader.is_alive()
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert '"level": "error"' not in log
    assert ADMIN_PASSWORD not in log
