"""A monitor is tried from its form: asked in the front's process, made in the engine's, and nothing of it is left."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from mailtrip.bootstrap.listening import bind
from mailtrip.bootstrap.service import running_service
from mailtrip.bootstrap.storage import Storage, open_storage
from mailtrip.clock import SystemClock
from mailtrip.config import ListenAddress, Settings, load
from mailtrip.model import Actor, Role
from mailtrip.service import monitors, users
from mailtrip.testing.server import LoopbackServer

OPERATOR = Actor(account_id=1, role=Role.ADMIN)
ADDRESS, SECRET = "me@example.com", "correct horse"
USER, USER_PASSWORD = "admin@example.com", "a long enough password"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    options = {"data_dir": str(tmp_path), "stop_grace_seconds": 5, "allow_networks": "loopback", "allow_ports": "any"}
    return load(options=options, environ={}).settings


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer({ADDRESS: SECRET}) as running:
        yield running


@contextmanager
def storage_of(settings: Settings) -> Iterator[Storage]:
    with open_storage(settings, clock=SystemClock()) as storage:
        password = users.hash_password(USER_PASSWORD)
        now = SystemClock().now()
        storage.database.write(
            partial(users.add, actor=OPERATOR, email=USER, password=password, role=Role.ADMIN, now=now)
        )
        yield storage


def try_out(url: str, server: LoopbackServer, password: str) -> list[str]:
    """The pages that somebody sees who tries a monitor, from the form to the end of the trial."""
    client = requests.Session()
    client.trust_env = False
    page = client.get(f"{url}/sign-in", timeout=30)
    client.post(
        page.url, data={"form_token": token_of(page.text), "email": USER, "password": USER_PASSWORD}, timeout=30
    )
    page = client.get(f"{url}/monitors/new", timeout=30)
    chosen = dict.fromkeys(("mailbox_tls", "mailbox_mechanism", "smtp_tls", "smtp_mechanism"), "auto")
    form = {
        "form_token": token_of(page.text),
        "email": ADDRESS,
        "password": password,
        "mailbox_protocol": "imap",
        "mailbox_server": server.url("imap"),
        "smtp_server": server.url("smtp"),
        "smtp_login": "none",
        "interval": "5",
        "certificate_days": "14",
    }
    pages = [page.text]
    page = client.post(f"{url}/monitors/new/try", data=form | chosen, timeout=30)
    pages.append(page.text)
    with client.get(f"{page.url}/events", stream=True, timeout=30) as events:
        next(line for line in events.iter_lines(decode_unicode=True) if line == "event: over")
    pages.append(client.get(page.url, timeout=30).text)
    return pages


def token_of(page: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("password", "says"),
    [(SECRET, '<h2 id="trial-verdict">Delivered in '), ("wrong horse", "Mailbox: login refused")],
)
async def test_a_trial_is_a_real_round_trip_of_which_nothing_is_kept(
    settings: Settings, server: LoopbackServer, password: str, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = SystemClock()
    with bind(ListenAddress("127.0.0.1", 0)) as listening, storage_of(settings) as storage:
        async with running_service(settings, storage, listening, clock=clock) as service:
            pages = await asyncio.to_thread(try_out, service.url, server, password)
        stored = storage.database.read(partial(monitors.page, actor=OPERATOR))

    assert says in pages[-1]
    assert ("What to do:" in pages[-1]) == (password != SECRET)
    assert stored == ([], 0)
    assert server.mailbox(ADDRESS).folders["INBOX"].messages == []
    assert len(server.sessions) == (2 if password == SECRET else 1)
    told = capfd.readouterr()
    assert password not in "".join(pages) + told.out + told.err
