"""Alerts through Apprise reach a real web server; what its URLs may reach is what the network policy allows, and no file."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from tests.receiver import Receiver, serving
from tests.unit.alerts.builders import make_package, make_recipient

from mailtrip.alerts.channels.apprise import AppriseChannel
from mailtrip.model import AlertMethod, DeliveryAnswer, NetworkPolicy

LOOPBACK = NetworkPolicy(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as found:
        found.status = 200
        yield found


async def send(url: str | None, policy: NetworkPolicy = LOOPBACK, *, seconds: float = 45.0) -> DeliveryAnswer:
    package = make_package(recipient=make_recipient(AlertMethod.APPRISE, "json"), password=url)
    return await AppriseChannel(policy, public_url=None, seconds=seconds).send(package)


@pytest.mark.parametrize("service", ["json", "ntfy"])
async def test_an_alert_gets_there_with_its_subject_and_its_text(receiver: Receiver, service: str) -> None:
    answer = await send(f"{service}://127.0.0.1:{receiver.port}/topic")

    assert answer == DeliveryAnswer(is_sent=True, text="HTTP 200")
    ((_, _, body),) = receiver.taken
    assert body["title"] == "[Mailtrip] Münster mail: SMTP: login refused"
    assert "535 5.7.8 Authentication failed" in body["message"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_address_that_the_policy_forbids_is_not_connected_to(receiver: Receiver, host: str) -> None:
    answer = await send(f"json://{host}:{receiver.port}/topic", NetworkPolicy())

    assert (answer.is_sent, answer.is_temporary, receiver.taken) == (False, False, [])
    assert answer.text.startswith("the network policy forbids it: ")


async def test_a_redirection_leads_to_nothing_that_the_policy_forbids(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": f"http://127.0.0.2:{receiver.port}/"}
    policy = NetworkPolicy(allow=(ip_network("127.0.0.1/32"),))

    answer = await send(f"json://127.0.0.1:{receiver.port}/topic", policy)

    assert (answer.is_sent, len(receiver.taken)) == (False, 1)
    assert answer.text.startswith("the network policy forbids it: 127.0.0.2 is a loopback address")


@pytest.mark.parametrize(("status", "is_temporary"), [(401, False), (404, False), (429, True), (503, True)])
async def test_what_the_service_answers_decides_whether_it_is_tried_again(
    receiver: Receiver, status: int, *, is_temporary: bool
) -> None:
    receiver.status, receiver.answer = status, b"it is so"

    answer = await send(f"json://127.0.0.1:{receiver.port}/topic")

    assert (answer.is_sent, answer.is_temporary) == (False, is_temporary)
    assert answer.text == f"HTTP {status} it is so"


async def test_a_service_that_nobody_runs_is_tried_again() -> None:
    with serving() as gone:
        url = f"json://127.0.0.1:{gone.port}/topic"

    answer = await send(url)

    assert (answer.is_sent, answer.is_temporary) == (False, True)


async def test_no_part_of_the_url_is_told(receiver: Receiver) -> None:
    receiver.status = 500
    receiver.answer = b"no k3y-one, K3Y-ONE, K3y%2Ftwo, K3y/two, dTpodW50ZXIy, hunter2, K3y-three"

    answer = await send(f"json://u:hunter2@127.0.0.1:{receiver.port}/K3y-one/K3y%2Ftwo?:x=K3y-three")

    assert answer.text == "HTTP 500 no (hidden), (hidden), (hidden), (hidden), (hidden), (hidden), (hidden)"


@pytest.mark.parametrize("url", ["syslog://", "nosuch://s3cret-topic", "slack://s3cret-token"])
async def test_what_is_no_service_elsewhere_has_failed_for_good_and_is_told_without_the_url(url: str) -> None:
    answer = await send(url)

    assert (answer.is_sent, answer.is_temporary) == (False, False)
    assert "not allowed here" in answer.text or answer.text.startswith("Apprise does not take this URL")
    assert "s3cret" not in answer.text


async def test_no_file_of_this_machine_is_read_for_a_url(receiver: Receiver) -> None:
    """Some services of Apprise take a template from a file that their URL names."""
    url = f"workflow://127.0.0.1:{receiver.port}/workflow-id/signature?template=/etc/passwd"

    answer = await send(url)

    assert (answer.is_sent, answer.text) == (False, "files are not read here")
    assert receiver.taken == []


async def test_a_service_that_takes_too_long_is_left(receiver: Receiver) -> None:
    answer = await send(f"json://127.0.0.1:{receiver.port}/topic", seconds=0.01)

    assert answer == DeliveryAnswer(is_sent=False, text="no answer within 0.01 s", is_temporary=True)


async def test_without_its_url_an_alert_waits() -> None:
    answer = await send(None)

    assert (answer.is_sent, answer.is_temporary) == (False, True)
