"""Whose trouble it is when an address can't be connected to, and which addresses are not even tried."""

import errno
import socket
from ipaddress import ip_network

import pytest

from mailtrip.mail.obstacle import Obstacle, obstacle_of, permit, status_of
from mailtrip.mail.resolve import Address
from mailtrip.model import NetworkPolicy, StatusCode

SERVERS = Obstacle("192.0.2.1:25 refused the connection")
OURS = Obstacle("192.0.2.1:25 can't be reached from this machine", is_ours=True)
FORBIDDEN = Obstacle("127.0.0.1 is a loopback address", is_forbidden=True)
ADDRESS = Address(socket.AF_INET, ("192.0.2.1", 25))


@pytest.mark.parametrize(
    ("number", "is_ours"),
    [
        (errno.ENETUNREACH, True),
        (errno.EADDRNOTAVAIL, True),
        (errno.EMFILE, True),
        (errno.EACCES, True),
        (errno.EHOSTUNREACH, False),
        (errno.ETIMEDOUT, False),
        (errno.ECONNRESET, False),
        (errno.ECONNREFUSED, False),
    ],
)
def test_trouble_of_this_machine_is_told_from_the_servers(number: int, is_ours: bool) -> None:
    obstacle = obstacle_of(ADDRESS, OSError(number, "x"))

    assert obstacle.is_ours is is_ours
    assert obstacle.text.startswith("192.0.2.1:25 ")


@pytest.mark.parametrize(
    ("obstacles", "status"),
    [
        ([SERVERS], StatusCode.CONNECTION_FAILED),
        ([OURS], StatusCode.LOCATION_LOST),
        ([FORBIDDEN], StatusCode.CONNECTION_FORBIDDEN),
        ([FORBIDDEN, FORBIDDEN], StatusCode.CONNECTION_FORBIDDEN),
        ([FORBIDDEN, OURS], StatusCode.CONNECTION_FORBIDDEN),
        ([OURS, SERVERS], StatusCode.CONNECTION_FAILED),
        ([FORBIDDEN, SERVERS], StatusCode.CONNECTION_FAILED),
    ],
)
def test_a_server_is_blamed_where_one_of_its_addresses_is_to_blame(
    obstacles: list[Obstacle], status: StatusCode
) -> None:
    assert status_of(obstacles) is status


def address(host: str, port: int = 25) -> Address:
    if ":" in host:
        return Address(socket.AF_INET6, (host, port, 0, 0))
    return Address(socket.AF_INET, (host, port))


def test_each_address_is_judged_by_itself_and_the_order_is_kept() -> None:
    addresses = [address(host) for host in ("::1", "2001:db8::25", "127.0.0.1", "192.0.2.1", "10.0.0.1")]

    permitted, obstacles = permit(addresses, NetworkPolicy(deny=(ip_network("10.0.0.0/8"),)))

    assert permitted == (address("2001:db8::25"), address("192.0.2.1"))
    assert [obstacle.text.partition(" is ")[0] for obstacle in obstacles] == ["::1", "127.0.0.1", "10.0.0.1"]
    assert all(obstacle.is_forbidden for obstacle in obstacles)


def test_a_link_local_address_is_judged_whatever_its_scope() -> None:
    permitted, _ = permit([Address(socket.AF_INET6, ("fe80::1", 25, 0, 3)), address("fe80::1%lo")], NetworkPolicy())

    assert permitted == ()


def test_a_port_that_is_refused_is_told_once() -> None:
    permitted, obstacles = permit([address("192.0.2.1", 22), address("2001:db8::1", 22)], NetworkPolicy())

    assert permitted == ()
    assert [obstacle.text.partition(" is ")[0] for obstacle in obstacles] == ["port 22"]


def test_without_a_policy_every_address_is_tried() -> None:
    addresses = (address("127.0.0.1", 22), address("169.254.169.254", 80))

    assert permit(addresses, None) == (addresses, [])
