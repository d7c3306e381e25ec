"""Alerts as SNMP traps, as Net-SNMP's own receiver understands them."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.alerts.builders import KEY, make_item, make_package, make_recipient

from mailtrip.alerts.channels.snmp import TrapChannel
from mailtrip.alerts.channels.web import Unreachable
from mailtrip.alerts.traps import OBJECTS
from mailtrip.model import AlertMethod, AlertPackage, DeliveryAnswer
from mailtrip.testing.ports import free_port

RECEIVER = shutil.which("snmptrapd", path="/usr/sbin:/usr/bin")
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
MIB = (REFERENCE / "MAILTRIP-MIB.txt").read_text(encoding="utf-8")
PAGE = (REFERENCE / "snmp-traps.md").read_text(encoding="utf-8")
needs_receiver = pytest.mark.skipif(
    RECEIVER is None and os.environ.get("CI") != "true", reason="needs snmptrapd from Debian (make packages)"
)


@dataclass
class Receiver:
    """Net-SNMP's snmptrapd, which takes traps of the community `hush`."""

    port: int
    log: Path

    def heard(self, seconds: float = 20.0) -> str:
        """What it has written of the first trap."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.log.read_text(encoding="utf-8")
            if KEY in found and found.endswith("\n"):
                return found
            time.sleep(0.05)
        pytest.fail(f"no trap within {seconds} s: {self.log.read_text()}")


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    assert RECEIVER is not None, "needs snmptrapd from Debian (make packages)"
    found = Receiver(free_port(), tmp_path / "traps")
    found.log.touch()
    configuration = tmp_path / "snmptrapd.conf"
    configuration.write_text("authCommunity log hush\n")
    options = [
        "-f",
        "-C",
        "-c",
        str(configuration),
        "-m",
        "",
        "-On",
        "-Lf",
        str(found.log),
        "-p",
        str(tmp_path / "pid"),
    ]
    process = subprocess.Popen([RECEIVER, *options, f"udp:127.0.0.1:{found.port}"])
    try:
        _wait_for_socket(found.port)
        yield found
    finally:
        process.kill()
        process.wait()


def _wait_for_socket(port: int) -> None:
    end = time.monotonic() + 20
    while f":{port:04X} " not in Path("/proc/net/udp").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)


async def loopback(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def trap_to(port: int, method: AlertMethod = AlertMethod.SNMP_V2C) -> AlertPackage:
    recipient = make_recipient(method, f"traps.probe.test:{port}")
    return make_package(make_item(name="Münster"), recipient=recipient, password="hush")


@needs_receiver
@pytest.mark.parametrize("method", [AlertMethod.SNMP_V1, AlertMethod.SNMP_V2C])
async def test_a_trap_has_each_object_of_the_mib(receiver: Receiver, method: AlertMethod) -> None:
    answer = await TrapChannel(loopback).send(trap_to(receiver.port, method))

    assert answer.is_sent
    assert answer.text == f"sent to 127.0.0.1, port {receiver.port}; traps have no answer"
    heard = receiver.heard()
    objects = dict(re.findall(r"\.8072\.9999\.9999\.2525\.1\.(\d+)\.0 = \w[\w -]*: (.*?)(?:\t|\n)", heard))
    assert set(objects) == {str(number) for number in OBJECTS.values()}
    shown = {name: objects[str(number)].strip('"') for name, number in OBJECTS.items()}
    assert (shown["mailtripKind"], shown["mailtripMonitorId"], shown["mailtripStatus"]) == ("error", "100003", "104")
    assert (shown["mailtripStep"], shown["mailtripServer"]) == ("login", "smtps://smtp.probe.test:465")
    assert shown["mailtripSince"] == "2026-03-01T12:00:00Z"
    if method is AlertMethod.SNMP_V2C:
        assert ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.4.1.8072.9999.9999.2525.0.1" in heard


@needs_receiver
async def test_a_trap_of_another_community_is_not_taken(receiver: Receiver) -> None:
    package = make_package(recipient=make_recipient(AlertMethod.SNMP_V2C, f"traps.probe.test:{receiver.port}"))
    await TrapChannel(loopback).send(package)
    await TrapChannel(loopback).send(trap_to(receiver.port))

    assert receiver.heard().count(KEY) == 1


async def test_where_nobody_listens_it_is_sent_again() -> None:
    answer = await TrapChannel(loopback).send(trap_to(free_port()))

    assert answer == DeliveryAnswer(is_sent=False, text="127.0.0.1: Connection refused", is_temporary=True)


async def test_where_the_policy_forbids_it_nothing_is_sent() -> None:
    async def find(_host: str, port: int) -> Sequence[str]:
        assert port == 162
        raise Unreachable("127.0.0.1 is a loopback address", is_temporary=False)

    package = make_package(recipient=make_recipient(AlertMethod.SNMP_V2C, "traps.probe.test"))

    answer = await TrapChannel(find).send(package)

    assert answer == DeliveryAnswer(is_sent=False, text="127.0.0.1 is a loopback address")


@pytest.mark.parametrize(("name", "number"), OBJECTS.items())
def test_each_object_is_in_the_mib_and_on_the_page(name: str, number: int) -> None:
    definition = MIB.partition(f"\n{name} OBJECT-TYPE\n")[2].partition("\n\n")[0]

    assert f"| `{name}` | {number} |" in PAGE
    assert definition.endswith(f"::= {{ mailtripObjects {number} }}")
    assert len(re.findall(rf"\b{name}\b", MIB)) == 3
