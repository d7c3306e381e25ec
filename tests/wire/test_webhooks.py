"""Alerts as JSON reach a real web server, and what it answers decides whether they are sent again."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest
from tests.receiver import Receiver, serving
from tests.unit.alerts.builders import KEY, NOW, make_item, make_package, make_recipient

from mailtrip.alerts.channels.web import (
    FindAddresses,
    SignedRequests,
    Unreachable,
    WebChannel,
    WebRequest,
    form_request,
    vendor_request,
)
from mailtrip.model import AlertMethod, AlertPackage, DeliveryAnswer


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as found:
        yield found


async def loopback(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def hook(port: int, *, login: tuple[str, str] | None = None, path: str = "/T1?token=secret") -> AlertPackage:
    recipient = make_recipient(
        AlertMethod.WEB_JSON, f"http://hooks.probe.test:{port}{path}", username=login[0] if login else None
    )
    return make_package(make_item(), make_item(name="b"), recipient=recipient, password=login[1] if login else None)


@asynccontextmanager
async def channel(
    find: FindAddresses = loopback, compose: Callable[[AlertPackage], WebRequest] = vendor_request
) -> AsyncIterator[WebChannel]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield WebChannel(client, find, compose)


async def send(package: AlertPackage, find: FindAddresses = loopback) -> DeliveryAnswer:
    async with channel(find) as web:
        return await web.send(package)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("", "the recipient's web address was sealed with another key; give it again"),
        ("https://hooks:x/S3CRET", "the recipient's web address is none; give it again"),
    ],
)
async def test_nothing_is_sent_where_the_address_can_not_be_read(address: str, text: str) -> None:
    recipient = make_recipient(AlertMethod.WEB_JSON, address)

    answer = await send(make_package(make_item(), recipient=recipient))

    assert answer == DeliveryAnswer(is_sent=False, text=text)


async def test_the_request_has_the_vendor_s_fields_the_key_and_the_url_s_own_host(receiver: Receiver) -> None:
    answer = await send(hook(receiver.port))

    assert answer == DeliveryAnswer(is_sent=True, text="HTTP 204")
    ((path, headers, body),) = receiver.taken
    assert path == "/T1?token=secret"
    assert headers["Host"] == f"hooks.probe.test:{receiver.port}"
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == KEY
    assert "Authorization" not in headers
    assert (body["device_name"], body["status"], body["alert_count"]) == ("Münster mail", "104", 2)
    assert [alert["device_name"] for alert in body["alerts"]] == ["Münster mail", "b"]


async def test_a_login_is_sent_with_http_basic(receiver: Receiver) -> None:
    await send(hook(receiver.port, login=("me", "pass:wörd")))

    ((_, headers, _),) = receiver.taken
    assert headers["Authorization"] == "Basic " + base64.b64encode("me:pass:wörd".encode()).decode()


@pytest.mark.parametrize(
    ("status", "is_sent", "is_temporary"),
    [(200, True, False), (404, False, False), (401, False, False), (429, False, True), (503, False, True)],
)
async def test_the_status_decides(receiver: Receiver, status: int, *, is_sent: bool, is_temporary: bool) -> None:
    receiver.status, receiver.answer = status, b"it is\r\n\x1b[31mso"

    answer = await send(hook(receiver.port))

    assert (answer.is_sent, answer.is_temporary or answer.is_sent) == (is_sent, is_temporary or is_sent)
    assert answer.text == f"HTTP {status} it is [31mso"


async def test_a_redirection_is_not_followed(receiver: Receiver) -> None:
    with serving() as other:
        receiver.status, receiver.headers = 307, {"Location": f"http://127.0.0.1:{other.port}/"}

        answer = await send(hook(receiver.port))

    assert (answer.is_sent, answer.is_temporary, other.taken) == (False, False, [])


async def test_of_a_huge_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.status, receiver.answer = 200, b"x" * 10_000_000

    answer = await send(hook(receiver.port))

    assert (answer.is_sent, len(answer.text)) == (True, len("HTTP 200 ") + 300)


@pytest.mark.parametrize("before", [0, 270, 280, 290, 299])
async def test_a_server_that_repeats_the_request_makes_no_secret_known(receiver: Receiver, before: int) -> None:
    login = ("me", "pass:wörd")
    basic = base64.b64encode(":".join(login).encode()).decode()
    for said in ("/K3Y-0f-the-hook?token=secret", "token=secret", "secret", "K3Y-0f-the-hook", login[1], basic):
        receiver.status, receiver.answer = 500, b"." * before + f"{said} {said}".encode()

        answer = await send(hook(receiver.port, login=login, path="/K3Y-0f-the-hook?token=secret"))

        told = answer.text.removeprefix("HTTP 500 ").replace("(hidden)", "").strip(". ?")
        assert said[:3] not in told, said


async def test_a_host_without_an_address_is_told(receiver: Receiver) -> None:
    async def find(_host: str, _port: int) -> Sequence[str]:
        raise Unreachable("127.0.0.1 is a loopback address", is_temporary=False)

    answer = await send(hook(receiver.port), find)

    assert answer == DeliveryAnswer(is_sent=False, text="127.0.0.1 is a loopback address", is_temporary=False)
    assert receiver.taken == []


async def test_each_address_is_tried_in_turn(receiver: Receiver) -> None:
    async def find(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]  # nothing listens at the first

    answer = await send(hook(receiver.port), find)

    assert answer.is_sent


@pytest.mark.parametrize(
    "respond",
    [
        pytest.param(b"", id="hangs up"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", id="hangs up in the middle"),
        pytest.param(b"220 smtp.probe.test ESMTP\r\n", id="is no web server"),
    ],
)
async def test_a_server_that_breaks_the_protocol_is_tried_again(respond: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(respond)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        found = await send(hook(server.sockets[0].getsockname()[1]))

    assert (found.is_sent, found.is_temporary) == (False, True)


@pytest.mark.parametrize("make", [lambda port: hook(port, login=("u", "the-password")), hook])
async def test_no_secret_is_in_what_is_told_of_a_failure(make: Callable[[int], AlertPackage]) -> None:
    with serving() as gone:
        package = make(gone.port)

    answer = await send(package)

    assert (answer.is_sent, answer.is_temporary) == (False, True)
    assert "secret" not in answer.text
    assert "the-password" not in answer.text


async def test_a_signed_alert_has_our_own_words_and_the_fields_of_its_signature(receiver: Receiver) -> None:
    recipient = make_recipient(AlertMethod.WEB_SIGNED, f"http://hooks.probe.test:{receiver.port}/")
    package = make_package(recipient=recipient, password="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    async with channel(compose=SignedRequests(lambda: NOW, public_url=None).compose) as web:
        answer = await web.send(package)

    assert answer.is_sent
    ((_, headers, body),) = receiver.taken
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (KEY, str(int(NOW.timestamp())))
    assert (body["type"], body["data"]["alerts"][0]["explanation"]) == (
        "alert",
        "smtps://smtp.probe.test:465 refused the login.",
    )


async def test_a_form_has_the_same_fields_as_the_vendor_s_json(receiver: Receiver) -> None:
    recipient = make_recipient(AlertMethod.WEB_POST, f"http://hooks.probe.test:{receiver.port}/", username="me")

    async with channel(compose=form_request) as web:
        answer = await web.send(make_package(recipient=recipient, password="p"))

    assert answer.is_sent
    ((_, headers, form),) = receiver.taken
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Authorization"].startswith("Basic ")
    assert (form["device_name"], form["status"], form["alert_count"]) == ("Münster mail", "104", "1")


async def test_without_its_secret_a_signed_alert_waits(receiver: Receiver) -> None:
    recipient = make_recipient(AlertMethod.WEB_SIGNED, f"http://hooks.probe.test:{receiver.port}/")

    async with channel(compose=SignedRequests(lambda: NOW, public_url=None).compose) as web:
        answer = await web.send(make_package(recipient=recipient))

    assert (answer.is_sent, answer.is_temporary, receiver.taken) == (False, True, [])
    assert "is no signing secret" in answer.text
