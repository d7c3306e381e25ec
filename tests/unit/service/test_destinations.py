"""What is told early of where monitors connect, and when a stored password has to be given again."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from mailtrip.model import (
    Actor,
    AlertMethod,
    MailProtocol,
    Monitor,
    MonitorSettings,
    MonitorType,
    NetworkPolicy,
    RecipientSettings,
    Role,
    TLSMode,
)
from mailtrip.service.destinations import is_moved, moved_password_faults, policy_faults

POLICY = NetworkPolicy()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TRIP = MonitorSettings(
    name="trip",
    plan_code="UBM",
    email="probe@example.com",
    smtp_server="smtps://smtp.example.com",
    smtp_username="probe",
    mailbox_protocol=MailProtocol.IMAP,
    mailbox_server="imaps://mail.example.com",
)
CHECK = MonitorSettings(type=MonitorType.SMTP, name="check", plan_code="UBM", smtp_server="mail.example.com")


def faults(settings: MonitorSettings, before: MonitorSettings | None = None) -> dict[str, str]:
    return {fault.field: fault.text for fault in policy_faults(settings, POLICY, before=before)}


@pytest.mark.parametrize(
    ("settings", "field", "text"),
    [
        (replace(TRIP, smtp_server="127.0.0.1"), "smtp_server", "127.0.0.1 is a loopback address"),
        (replace(TRIP, smtp_server="smtp://[::1]:587"), "smtp_server", "::1 is a loopback address"),
        (replace(TRIP, mailbox_server="imaps://169.254.169.254"), "mailbox_server", "169.254.169.254 is an address of"),
        (replace(TRIP, mailbox_server="[64:ff9b::7f00:1]"), "mailbox_server", "stands for 127.0.0.1 (NAT64"),
        (replace(TRIP, mailbox_server="mail.example.com:6379"), "mailbox_server", "port 6379 is none of those"),
        (replace(CHECK, address="127.0.0.1"), "address", "127.0.0.1 is a loopback address"),
        (replace(CHECK, port=22), "port", "port 22 is none of those"),
        (replace(CHECK, smtp_server="mail.example.com:22"), "smtp_server", "port 22 is none of those"),
        (
            replace(CHECK, type=MonitorType.IMAP, smtp_server="", mailbox_server="0.0.0.0"),
            "mailbox_server",
            "0.0.0.0 is an unspecified address",
        ),
    ],
)
def test_an_address_or_a_port_that_is_refused_is_told_with_its_field(
    settings: MonitorSettings, field: str, text: str
) -> None:
    found = faults(settings)

    assert list(found) == [field]
    assert text in found[field]


@pytest.mark.parametrize(
    "settings",
    [
        TRIP,
        CHECK,
        # What a name leads to is seen when it is connected to.
        replace(TRIP, smtp_server="localhost"),
        replace(TRIP, smtp_server="192.0.2.1", mailbox_server="10.0.0.1"),
        # What can't be parsed is told of by the monitor's own rules.
        replace(TRIP, smtp_server="smpt://127.0.0.1"),
        replace(CHECK, address="::1"),
        replace(CHECK, port=65536),
        # A check of one server has no other.
        replace(CHECK, mailbox_server="127.0.0.1"),
        # The name is not connected to where there is an address beside it.
        replace(CHECK, smtp_server="127.0.0.1", address="192.0.2.1"),
    ],
)
def test_names_and_addresses_that_are_allowed_have_no_fault(settings: MonitorSettings) -> None:
    assert faults(settings) == {}


def test_what_is_wrong_with_both_servers_is_told_at_once() -> None:
    settings = replace(TRIP, smtp_server="127.0.0.1:22", mailbox_server="127.0.0.1")

    found = policy_faults(settings, POLICY)

    assert [fault.field for fault in found] == ["smtp_server", "smtp_server", "mailbox_server"]


def test_a_server_that_stays_the_same_can_be_kept() -> None:
    before = replace(TRIP, smtp_server="smtp://127.0.0.1:2500")

    assert faults(replace(before, name="other", enabled=False), before) == {}
    assert faults(replace(before, smtp_server="127.0.0.1:2500"), before) == {}
    assert list(faults(replace(before, smtp_server="127.0.0.2:25"), before)) == ["smtp_server"]


def test_what_the_settings_allow_has_no_fault() -> None:
    policy = NetworkPolicy(allow=(ip_network("127.0.0.0/8"),), ports=(range(1, 65536),))

    assert policy_faults(replace(TRIP, smtp_server="127.0.0.1:2500"), policy) == []


def monitor(settings: MonitorSettings = TRIP, *, has_password: bool = True, has_smtp_password: bool = True) -> Monitor:
    return Monitor(
        id=1,
        account_id=1,
        settings=settings,
        has_password=has_password,
        has_smtp_password=has_smtp_password,
        created_at=NOW,
        modified_at=NOW,
    )


def moved(
    stored: Monitor, settings: MonitorSettings, *, role: Role = Role.POWER_USER, keeps: tuple[bool, bool] = (True, True)
) -> list[str]:
    found = moved_password_faults(
        Actor(account_id=1, role=role), stored, settings, keeps_mailbox=keeps[0], keeps_smtp=keeps[1]
    )
    return [fault.field for fault in found]


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        (replace(TRIP, mailbox_server="imaps://other.example.com"), ["password"]),
        (replace(TRIP, mailbox_server="imaps://mail.example.com:995"), ["password"]),
        (replace(TRIP, mailbox_server="imap://mail.example.com:993"), ["password"]),
        (replace(TRIP, mailbox_server="pop3s://mail.example.com", mailbox_protocol=MailProtocol.POP3), ["password"]),
        (replace(TRIP, smtp_server="smtps://other.example.com"), ["smtp_password"]),
        (replace(TRIP, smtp_server="smtps://o.test", mailbox_server="imaps://o.test"), ["smtp_password", "password"]),
        (replace(TRIP, tls_verify=False), ["smtp_password", "password"]),
        (replace(TRIP, tls_ca="another authority"), ["smtp_password", "password"]),
    ],
)
def test_a_stored_password_that_would_go_elsewhere_is_needed_again(changed: MonitorSettings, fields: list[str]) -> None:
    assert moved(monitor(), changed) == fields


@pytest.mark.parametrize(
    "changed",
    [
        replace(TRIP, name="other", interval=2 * TRIP.interval, username="other"),
        replace(TRIP, mailbox_server="imaps://MAIL.example.com.:993"),
        replace(TRIP, mailbox_server="mail.example.com:993", mailbox_tls=TLSMode.IMPLICIT),
        replace(TRIP, mailbox_server="mail.example.com:993", mailbox_tls=TLSMode.STARTTLS),
    ],
)
def test_a_password_that_stays_where_it_is_stays(changed: MonitorSettings) -> None:
    assert moved(monitor(), changed) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [(TLSMode.STARTTLS, TLSMode.AUTO), (TLSMode.AUTO, TLSMode.NONE), (TLSMode.STARTTLS, TLSMode.NONE)],
)
def test_weaker_tls_needs_the_password_again_and_stronger_does_not(before: TLSMode, after: TLSMode) -> None:
    server = "mail.example.com:143"
    weak, strong = (replace(TRIP, mailbox_server=server, mailbox_tls=mode) for mode in (after, before))

    assert moved(monitor(strong), weak) == ["password"]
    assert moved(monitor(weak), strong) == []


def test_verification_and_the_systems_authorities_may_come_back() -> None:
    assert moved(monitor(replace(TRIP, tls_verify=False)), TRIP) == []
    assert moved(monitor(replace(TRIP, tls_ca="an authority")), TRIP) == []


def test_a_password_that_is_given_or_removed_or_not_there_moves_freely() -> None:
    changed = replace(TRIP, smtp_server="smtps://o.test", mailbox_server="imaps://o.test")

    assert moved(monitor(), changed, keeps=(False, False)) == []
    assert moved(monitor(has_password=False, has_smtp_password=False), changed) == []
    assert moved(monitor(), changed, keeps=(False, True)) == ["smtp_password"]


@pytest.mark.parametrize(("field", "value"), [("address", "192.0.2.66"), ("port", 587)])
def test_the_address_and_port_of_a_check_move_its_password_too(field: str, value: object) -> None:
    changed = replace(CHECK, **{field: value})  # type: ignore[arg-type]  # fields of two types

    assert moved(monitor(CHECK, has_password=False), changed) == ["smtp_password"]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CO_ADMIN])
def test_who_manages_users_may_move_passwords(role: Role) -> None:
    assert moved(monitor(), replace(TRIP, mailbox_server="imaps://o.test"), role=role) == []


def test_the_fault_names_the_server_that_the_password_was_given_for() -> None:
    [fault] = moved_password_faults(
        Actor(account_id=1, role=Role.POWER_USER),
        monitor(),
        replace(TRIP, mailbox_server="imaps://o.test"),
        keeps_mailbox=True,
        keeps_smtp=True,
    )

    assert fault.text == (
        "is needed again: the one that is stored was given for imaps://mail.example.com:993; "
        "give it, or have an Admin or Co-Admin make this change"
    )


HOOK = RecipientSettings(method=AlertMethod.WEB_JSON, address="https://hooks.example.com/a", username="me")
TRAP = RecipientSettings(method=AlertMethod.SNMP_V2C, address="trap.example.com:162")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (HOOK, replace(HOOK, name="other"), False),
        (HOOK, replace(HOOK, address="https://hooks.example.com/b?c"), False),
        (HOOK, replace(HOOK, address="https://HOOKS.example.com/a"), False),
        (HOOK, replace(HOOK, method=AlertMethod.WEB_POST), False),
        (HOOK, replace(HOOK, address="https://other.example.com/a"), True),
        (HOOK, replace(HOOK, address="https://hooks.example.com:8443/a"), True),
        (HOOK, replace(HOOK, address="http://hooks.example.com/a"), True),
        (replace(HOOK, address="http://hooks.example.com/a"), HOOK, False),
        (HOOK, TRAP, True),
        (TRAP, replace(TRAP, method=AlertMethod.SNMP_V1), False),
        (TRAP, replace(TRAP, address="other.example.com:162"), True),
        (TRAP, replace(TRAP, address="trap.example.com:163"), True),
    ],
)
def test_a_recipients_password_is_moved_with_its_host_its_port_or_its_tls(
    before: RecipientSettings, after: RecipientSettings, expected: bool
) -> None:
    assert is_moved(before, after) is expected
