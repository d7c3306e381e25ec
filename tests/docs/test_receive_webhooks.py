"""The page on signed webhooks: its receiver runs as printed, and its tables have each field and no other."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from tests.e2e.running import until
from tests.unit.alerts.builders import KEY, make_item, make_package, make_recipient

from mailtrip.alerts.channels.web import SignedRequests, WebChannel
from mailtrip.alerts.document import document_of
from mailtrip.model import AlertMethod, DeliveryAnswer
from mailtrip.testing.ports import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "receive-webhooks.md").read_text(encoding="utf-8")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def documented(heading: str) -> set[str]:
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}


def test_each_field_of_the_body_is_documented_and_no_other() -> None:
    document = document_of(make_package(), public_url=None)
    alerts = document["alerts"]
    assert isinstance(alerts, list)
    assert isinstance(alerts[0], dict)

    assert documented("field of `data`") == set(document)
    assert documented("field of an alert") == set(alerts[0])


@contextmanager
def receiving(folder: Path, port: int) -> Iterator[Path]:
    """The receiver of the page; the file with what it prints."""
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (folder / "secret").write_text(f"{SECRET}\n")
    printed = folder / "printed"
    with printed.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=folder, env=os.environ | {"PORT": str(port)}, stdout=out
        )
        try:
            until(lambda: is_open(port), 20)
            yield printed
        finally:
            process.kill()
            process.wait()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def send(port: int, *, secret: str = SECRET, age: timedelta = timedelta(0)) -> DeliveryAnswer:
    async def find(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    recipient = make_recipient(AlertMethod.WEB_SIGNED, f"http://hooks.probe.test:{port}/")
    requests = SignedRequests(lambda: datetime.now(UTC) - age, public_url=None)
    async with httpx2.AsyncClient(trust_env=False) as client:
        package = make_package(make_item(), recipient=recipient, password=secret)
        return await WebChannel(client, find, requests.compose).send(package)


async def test_the_receiver_takes_what_is_genuine_once(tmp_path: Path) -> None:
    port = free_port()
    with receiving(tmp_path, port) as printed:
        answers = [
            await send(port, secret=OTHER),
            await send(port, age=timedelta(minutes=6)),
            await send(port),
            await send(port),
        ]

    assert [answer.is_sent for answer in answers] == [False, False, True, True]
    assert printed.read_text() == "error [Mailtrip] Münster mail: SMTP: login refused\n"


def test_the_id_is_that_of_the_delivery() -> None:
    assert document_of(make_package(), public_url=None)["id"] == KEY
