import pytest

from mailtrip.model import MailProtocol, parse_server
from mailtrip.model.discovery import _KNOWN, Basis, DomainRecords, Proposal, ServiceRecord, Services, propose


def record(service: Services, target: str = "mail.example.com", port: int = 1, **rest: int) -> ServiceRecord:
    return ServiceRecord(service=service, target=target, port=port, **rest)


@pytest.mark.parametrize(
    ("records", "protocol", "server"),
    [
        ([record(Services.SUBMISSIONS, port=465)], MailProtocol.SMTP, "smtps://mail.example.com:465"),
        ([record(Services.SUBMISSION, port=587)], MailProtocol.SMTP, "smtp://mail.example.com:587"),
        (
            [record(Services.SUBMISSION, port=587), record(Services.SUBMISSIONS, port=465)],
            MailProtocol.SMTP,
            "smtps://mail.example.com:465",
        ),
        (
            [record(Services.SUBMISSIONS, ""), record(Services.SUBMISSION)],
            MailProtocol.SMTP,
            "smtp://mail.example.com:1",
        ),
        ([record(Services.IMAP, port=143)], MailProtocol.IMAP, "imap://mail.example.com:143"),
        ([record(Services.POP3S, port=995)], MailProtocol.POP3, "pop3s://mail.example.com:995"),
        (
            [
                record(Services.IMAPS, "b.example.com", priority=20),
                record(Services.IMAPS, "a.example.com", priority=10),
            ],
            MailProtocol.IMAP,
            "imaps://a.example.com:1",
        ),
        (
            [
                record(Services.IMAPS, "light.example.com", weight=1),
                record(Services.IMAPS, "heavy.example.com", weight=9),
            ],
            MailProtocol.IMAP,
            "imaps://heavy.example.com:1",
        ),
    ],
)
def test_the_domains_own_records_count_first(records: list[ServiceRecord], protocol: MailProtocol, server: str) -> None:
    found = propose("example.com", DomainRecords(services=tuple(records), exchanges=("aspmx.l.google.com",)))

    assert found[protocol] == Proposal(server=server, basis=Basis.RECORD)


def test_what_a_domain_says_it_does_not_offer_is_not_guessed() -> None:
    records = DomainRecords(
        services=(record(Services.POP3S, ""), record(Services.POP3, "")), exchanges=("mx.example.com",)
    )

    assert set(propose("example.com", records)) == {MailProtocol.SMTP, MailProtocol.IMAP}


@pytest.mark.parametrize(
    ("domain", "exchange", "smtp"),
    [
        ("example.com", "aspmx.l.google.com", "smtps://smtp.gmail.com:465"),
        ("example.com", "example-com.mail.protection.outlook.com", "smtp://smtp.office365.com:587"),
        ("Gmail.com", None, "smtps://smtp.gmail.com:465"),
        ("aol.com", "mx-aol.mail.gm0.yahoodns.net", "smtps://smtp.aol.com:465"),
    ],
)
def test_a_providers_servers_are_known_by_the_domain_or_its_mx(domain: str, exchange: str | None, smtp: str) -> None:
    found = propose(domain, DomainRecords(exchanges=() if exchange is None else (exchange,)))

    assert found[MailProtocol.SMTP] == Proposal(server=smtp, basis=Basis.PROVIDER)


def test_a_name_that_only_ends_like_a_providers_is_not_theirs() -> None:
    found = propose("example.com", DomainRecords(exchanges=("mx.notgoogle.com",)))

    assert found[MailProtocol.IMAP] == Proposal(server="imaps://mx.notgoogle.com:993", basis=Basis.GUESS)


def test_without_a_hint_nothing_is_proposed() -> None:
    assert propose("example.com", DomainRecords()) == {}


def test_what_is_known_of_providers_can_be_used() -> None:
    for known in _KNOWN:
        parse_server(known.smtp, MailProtocol.SMTP)
        parse_server(known.imap, MailProtocol.IMAP)
        parse_server(known.pop3 or "pop3s://none", MailProtocol.POP3)
