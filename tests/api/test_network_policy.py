"""Where a monitor may connect, told at the create and edit; and passwords that stay with the server they were given for."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest
from tests.api.harness import Server, messages

from mailtrip.model import NetworkPolicy, Role

TRIPS = "/api/v3/monitors/email-round-trip"
RECIPIENTS = "/api/v3/recipients"
LOOPBACK = (
    "127.0.0.1 is a loopback address (RFC 1122, 3.2.1.3), which is refused; "
    "an administrator can add 127.0.0.0/8 or a part of it to allow_networks"
)
PORT = (
    "is none of those that are allowed (25, 110, 143, 465, 587, 993, 995, 2525); "
    "an administrator can add it to allow_ports"
)
AGAIN = "is needed again: the one that is stored was given for"
LOGINS = {"password": "mailbox secret", "smtp_username": "me", "smtp_password": "smtp secret"}


def create(server: Server, path: str, **fields: object) -> list[str]:
    body = {"billing_plancode": "UBM - A/A", "name": "M"} | fields
    response = server.post(path, json=body)
    assert response.status_code == 400
    return messages(response)


def test_a_create_with_forbidden_addresses_and_ports_is_refused_naming_each_field_and_setting(server: Server) -> None:
    found = create(server, TRIPS, smtp_hostname="127.0.0.1:22", pop3_hostname="pop3://10.0.0.1:6379", email="a@b.test")

    assert found == [
        f"invalid_request - smtp_hostname: {LOOPBACK}",
        f"invalid_request - smtp_hostname: port 22 {PORT}",
        f"invalid_request - pop3_hostname: port 6379 {PORT}",
    ]


def test_the_hostname_ipv4_and_port_of_a_check_are_named(server: Server) -> None:
    checks = "/api/v3/monitors/email-smtp"

    assert create(server, checks, hostname="127.0.0.1") == [f"invalid_request - hostname: {LOOPBACK}"]
    assert create(server, checks, hostname="mail.test", ipv4="127.0.0.1") == [f"invalid_request - ipv4: {LOOPBACK}"]
    assert create(server, checks, hostname="mail.test", port=80) == [f"invalid_request - port: port 80 {PORT}"]


def test_an_edit_to_a_forbidden_address_is_refused_and_changes_nothing(server: Server) -> None:
    monitor_id = server.create()

    response = server.patch(f"{TRIPS}/{monitor_id}", json={"name": "New", "imap_hostname": "imaps://127.0.0.1"})

    assert (response.status_code, messages(response)) == (400, [f"invalid_request - imap_hostname: {LOOPBACK}"])
    assert server.stored(monitor_id).settings.name != "New"


def test_a_monitor_made_under_another_policy_can_be_edited_in_all_else(make_server: Callable[..., Server]) -> None:
    server = make_server(policy=NetworkPolicy(allow=(ip_network("127.0.0.0/8"),)))
    monitor_id = server.create(smtp_hostname="127.0.0.1")
    server = make_server()

    response = server.patch(f"{TRIPS}/{monitor_id}", json={"enabled": False, "smtp_hostname": "127.0.0.1"})

    assert response.status_code == 200
    assert server.stored(monitor_id).settings.enabled is False


def test_names_are_not_resolved_by_a_create(server: Server) -> None:
    server.create(smtp_hostname="localhost")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"pop3_hostname": "pop3s://other.example.com:995"}, f"password: {AGAIN} pop3s://mail.example.com:995"),
        ({"imap_hostname": "imaps://mail.example.com"}, f"password: {AGAIN} pop3s://mail.example.com:995"),
        ({"smtp_hostname": "smtps://other.example.com"}, f"smtp_password: {AGAIN} smtps://smtp.example.com:465"),
        ({"smtp_hostname": "smtp://smtp.example.com:587"}, f"smtp_password: {AGAIN} smtps://smtp.example.com:465"),
    ],
)
def test_a_power_user_gives_a_stored_password_again_for_another_server(
    server: Server, body: dict[str, str], fault: str
) -> None:
    monitor_id = server.create(**LOGINS)

    response = server.patch(f"{TRIPS}/{monitor_id}", json=body, role=Role.POWER_USER)

    assert response.status_code == 400
    [message] = messages(response)
    assert message.startswith(f"invalid_request - {fault}; ")
    again = {fault.partition(":")[0]: "given again"}
    assert server.patch(f"{TRIPS}/{monitor_id}", json=body | again, role=Role.POWER_USER).status_code == 200


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CO_ADMIN])
def test_the_vendors_edit_of_hostnames_works_for_administrators_with_a_stored_password(
    server: Server, role: Role
) -> None:
    monitor_id = server.create(**LOGINS)
    body = {"smtp_hostname": "smtps://new.example.com:465", "pop3_hostname": "pop3s://new.example.com:995"}

    response = server.patch(f"{TRIPS}/{monitor_id}", json=body, role=role)

    assert response.status_code == 200
    assert server.stored(monitor_id).has_password


def test_a_power_user_edits_hostnames_freely_where_no_password_is_stored(server: Server) -> None:
    monitor_id = server.create()
    body = {"smtp_hostname": "smtps://new.example.com:465", "pop3_hostname": "pop3s://new.example.com:995"}

    assert server.patch(f"{TRIPS}/{monitor_id}", json=body, role=Role.POWER_USER).status_code == 200


def test_a_power_user_can_take_the_password_away_and_move_the_server(server: Server) -> None:
    monitor_id = server.create(**LOGINS)
    body = {"pop3_hostname": "pop3s://new.example.com:995", "password": None}

    assert server.patch(f"{TRIPS}/{monitor_id}", json=body, role=Role.POWER_USER).status_code == 200
    assert not server.stored(monitor_id).has_password


def test_a_power_user_gives_the_password_of_a_recipient_again_for_another_host(server: Server) -> None:
    hook = {"recipient": "https://hooks.example.com/a", "method_id": 16, "username": "me", "password": "secret"}
    recipient_id = server.post(RECIPIENTS, json=hook).json()["id"]
    moved = {"recipient": "https://other.example.com/a"}

    refused = server.patch(f"{RECIPIENTS}/{recipient_id}", json=moved, role=Role.POWER_USER)

    assert refused.status_code == 400
    [message] = messages(refused)
    assert "password: is needed again: the one that is stored was given for another address" in message
    assert "example.com" not in message
    again = moved | {"password": "given again"}
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", json=again, role=Role.POWER_USER).status_code == 200
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", json=hook | {"password": "x"}).status_code == 200
    assert server.patch(f"{RECIPIENTS}/{recipient_id}", json=moved).status_code == 200
