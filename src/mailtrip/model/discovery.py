"""The servers of a mailbox, proposed from what DNS says of its domain and from what is known of providers. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailtrip.model.server import MailProtocol

__all__ = ["Basis", "DomainRecords", "Proposal", "ServiceRecord", "Services", "propose"]


class Services(StrEnum):
    """The services that a domain may tell of, as their SRV records name them (RFC 6186, 3; RFC 8314, 5.1)."""

    SUBMISSIONS = "_submissions"
    SUBMISSION = "_submission"
    IMAPS = "_imaps"
    IMAP = "_imap"
    POP3S = "_pop3s"
    POP3 = "_pop3"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """An SRV record (RFC 2782); an empty target says that the service is not offered."""

    service: Services
    target: str
    port: int
    priority: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRecords:
    """What DNS says of a domain.

    Attributes:
        exchanges: hosts of its MX records, the preferred one first.
        is_whole: whether every question was answered; where not, there may be more.
    """

    services: tuple[ServiceRecord, ...] = ()
    exchanges: tuple[str, ...] = ()
    is_whole: bool = True


class Basis(StrEnum):
    """What a proposal rests on, from the best to the least."""

    RECORD = "record"
    """The domain says so itself."""
    PROVIDER = "provider"
    """The domain, or its MX, is that of a provider whose servers are known."""
    GUESS = "guess"
    """The host that takes the domain's mail may do the rest as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A server in the form that monitors take, and what speaks for it."""

    server: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A provider's usual servers for mail programs, by the domains of its addresses and MX hosts.

    From general knowledge, not from the providers' pages: a proposal, which the first test of the monitor proves or refutes.
    """

    domains: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    smtp: str
    imap: str
    pop3: str | None = None


_KNOWN: Final = (
    _Known(
        domains=("gmail.com", "googlemail.com"),
        exchanges=("google.com", "googlemail.com"),
        smtp="smtps://smtp.gmail.com:465",
        imap="imaps://imap.gmail.com:993",
        pop3="pop3s://pop.gmail.com:995",
    ),
    _Known(
        domains=("outlook.com", "hotmail.com", "live.com"),
        exchanges=("olc.protection.outlook.com",),
        smtp="smtp://smtp-mail.outlook.com:587",
        imap="imaps://outlook.office365.com:993",
        pop3="pop3s://outlook.office365.com:995",
    ),
    _Known(
        exchanges=("mail.protection.outlook.com",),
        smtp="smtp://smtp.office365.com:587",
        imap="imaps://outlook.office365.com:993",
        pop3="pop3s://outlook.office365.com:995",
    ),
    _Known(
        domains=("aol.com",),
        smtp="smtps://smtp.aol.com:465",
        imap="imaps://imap.aol.com:993",
        pop3="pop3s://pop.aol.com:995",
    ),
    _Known(
        domains=("yahoo.com",),
        exchanges=("yahoodns.net",),
        smtp="smtps://smtp.mail.yahoo.com:465",
        imap="imaps://imap.mail.yahoo.com:993",
        pop3="pop3s://pop.mail.yahoo.com:995",
    ),
    _Known(
        domains=("icloud.com", "me.com", "mac.com"),
        exchanges=("mail.icloud.com",),
        smtp="smtp://smtp.mail.me.com:587",
        imap="imaps://imap.mail.me.com:993",
    ),
    _Known(
        domains=("fastmail.com",),
        exchanges=("messagingengine.com",),
        smtp="smtps://smtp.fastmail.com:465",
        imap="imaps://imap.fastmail.com:993",
        pop3="pop3s://pop.fastmail.com:995",
    ),
    _Known(
        domains=("web.de",),
        smtp="smtp://smtp.web.de:587",
        imap="imaps://imap.web.de:993",
        pop3="pop3s://pop3.web.de:995",
    ),
    _Known(
        domains=("gmx.net", "gmx.de"),
        smtp="smtp://mail.gmx.net:587",
        imap="imaps://imap.gmx.net:993",
        pop3="pop3s://pop.gmx.net:995",
    ),
    _Known(
        domains=("yandex.com", "yandex.ru"),
        exchanges=("mx.yandex.net", "mx.yandex.ru"),
        smtp="smtps://smtp.yandex.com:465",
        imap="imaps://imap.yandex.com:993",
        pop3="pop3s://pop.yandex.com:995",
    ),
    _Known(
        exchanges=("emailsrvr.com",),
        smtp="smtps://secure.emailsrvr.com:465",
        imap="imaps://secure.emailsrvr.com:993",
        pop3="pop3s://secure.emailsrvr.com:995",
    ),
    _Known(
        exchanges=("secureserver.net",),
        smtp="smtps://smtpout.secureserver.net:465",
        imap="imaps://imap.secureserver.net:993",
        pop3="pop3s://pop.secureserver.net:995",
    ),
)
_SCHEMES: Final = {
    MailProtocol.SMTP: ((Services.SUBMISSIONS, "smtps"), (Services.SUBMISSION, "smtp")),
    MailProtocol.IMAP: ((Services.IMAPS, "imaps"), (Services.IMAP, "imap")),
    MailProtocol.POP3: ((Services.POP3S, "pop3s"), (Services.POP3, "pop3")),
}
_GUESSES: Final = {
    MailProtocol.SMTP: "smtp://{}:587",
    MailProtocol.IMAP: "imaps://{}:993",
    MailProtocol.POP3: "pop3s://{}:995",
}


def propose(domain: str, records: DomainRecords) -> Mapping[MailProtocol, Proposal]:
    """The best proposal for each protocol; none for one that the domain says it does not offer, or without a hint.

    Args:
        domain: of the mailbox's address.
        records: what DNS says of it.
    """
    return {protocol: found for protocol in MailProtocol for found in _best(protocol, domain, records)}


def _best(protocol: MailProtocol, domain: str, records: DomainRecords) -> Iterator[Proposal]:
    """One proposal, or none."""
    told = [record for record in records.services if record.service in dict(_SCHEMES[protocol])]
    if told:
        server = _from_records(protocol, told)
        if server is not None:
            yield Proposal(server=server, basis=Basis.RECORD)
        return
    known = _known(domain, records.exchanges)
    if known is not None:
        server = {MailProtocol.SMTP: known.smtp, MailProtocol.IMAP: known.imap, MailProtocol.POP3: known.pop3}[protocol]
        if server is not None:
            yield Proposal(server=server, basis=Basis.PROVIDER)
    elif records.exchanges:
        yield Proposal(server=_GUESSES[protocol].format(records.exchanges[0]), basis=Basis.GUESS)


def _from_records(protocol: MailProtocol, told: list[ServiceRecord]) -> str | None:
    """The server with the lowest priority, and of these the highest weight; TLS from the start before STARTTLS."""
    for service, scheme in _SCHEMES[protocol]:
        offered = [record for record in told if record.service is service and record.target]
        if offered:
            first = min(offered, key=lambda record: (record.priority, -record.weight, record.target))
            return f"{scheme}://{first.target}:{first.port}"
    return None


def _known(domain: str, exchanges: tuple[str, ...]) -> _Known | None:
    """The provider of the domain, else that of its first MX."""
    for known in _KNOWN:
        if domain.lower() in known.domains:
            return known
    for known in _KNOWN:
        if any(_is_below(exchange, name) for exchange in exchanges[:1] for name in known.exchanges):
            return known
    return None


def _is_below(host: str, name: str) -> bool:
    return f".{host.lower()}".endswith(f".{name}")
