"""Received fields, as mail servers really write them, read as hops (RFC 5321, 4.4)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from itertools import islice

from mailtrip.model import Hop
from mailtrip.probe.dates import find_last_time
from mailtrip.probe.fields import Field, bodies_of
from mailtrip.probe.structured import Kind, pieces_of

__all__ = ["MOST_HOPS", "parse_address", "parse_hops"]

MOST_HOPS = 100
_LONGEST_WORD = 255


def parse_hops(fields: Sequence[Field]) -> tuple[Hop, ...]:
    """The hops of a message in the order it travelled, the oldest first; of very many, the newest 100.

    A field that can't be read is a hop without facts: it still stands for a server that had the message.
    """
    newest_first = islice(bodies_of(fields, "received"), MOST_HOPS)
    return tuple(_parse_hop(body) for body in newest_first)[::-1]


@dataclass(slots=True)
class _Clause:
    words: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def first(self) -> str | None:
        """The first word without brackets and stops around it."""
        word = self.words[0].strip('<>,"')[:_LONGEST_WORD] if self.words else ""
        return word or None


# The clauses of RFC 5321 and RFC 8314 (tls), and one that Haraka and others write outside of comments.
_CLAUSES = frozenset({"from", "by", "via", "with", "id", "for", "tls", "envelope-from"})


def _parse_hop(body: str) -> Hop:
    clauses = _clauses_of(body)
    source = clauses.get("from", _Clause())
    protocol = _protocol(clauses.get("with", _Clause()))
    claimed_name, seen_name, seen_address = _parse_source(source)
    security = _parse_security(clauses, protocol)
    return Hop(
        by=_host(clauses.get("by", _Clause()).first),
        claimed_name=claimed_name,
        seen_name=seen_name,
        seen_address=seen_address,
        protocol=protocol,
        tls_version=security.version,
        tls_cipher=security.cipher,
        is_encrypted=security.is_encrypted,
        queue_id=_queue_id(clauses.get("id", _Clause()).first),
        recipient=clauses.get("for", _Clause()).first,
        time=find_last_time(body),
    )


def _clauses_of(body: str) -> dict[str, _Clause]:
    """The clauses by their keyword; what stands before the first under the empty one. The date is left out."""
    current = _Clause()
    clauses = {"": current}
    for piece in pieces_of(body):
        match piece.kind:
            case Kind.COMMENT:
                current.comments.append(piece.text)
            case Kind.SEMICOLON:
                # Courier writes its id behind the date, so what follows is still read.
                current = _Clause()
            case Kind.WORD:
                keyword = piece.text.lower()
                if keyword in _CLAUSES:
                    current = clauses.setdefault(keyword, _Clause())
                else:
                    current.words.append(piece.text)
    return clauses


def _protocol(clause: _Clause) -> str | None:
    return " ".join(clause.words)[:_LONGEST_WORD] or None


def _host(name: str | None) -> str | None:
    if name is None:
        return None
    return parse_address(name) or name.rstrip(".") or None


# Exchange writes the version of its software there.
_SOFTWARE_VERSION = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,5}(?:\.[0-9]{1,5})?")


def _queue_id(word: str | None) -> str | None:
    return None if word is None or _SOFTWARE_VERSION.fullmatch(word) else word


def parse_address(text: str) -> str | None:
    """An IP address as it is written in mail (`[192.0.2.1]`, `IPv6:2001:db8::1`), in its usual form; else None."""
    text = text.strip("[]")
    if text[:5].lower() == "ipv6:":
        text = text[5:]
    if len(text) > 64 or (not text[-1:].isalnum() and text[-1:] != ":"):
        return None
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


_GREETED_AS = re.compile(r"\b(?:HELO|EHLO|LHLO)[ =] ?([^ ()]{1,255})", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([^\] ]{2,64})\]")


def _parse_source(source: _Clause) -> tuple[str | None, str | None, str | None]:
    """What the sending side called itself, what its address is called, and its address.

    Most servers write the claimed name, and in a comment what they saw. Where the comment tells the claimed name, the
    name in front is the seen one (qmail, Exim, IronPort, Yahoo).
    """
    first = source.first
    comments = source.comments[:2]
    texts = [*comments, *source.words[:3]]
    address = next((found for text in texts if (found := _address_in(text))), None)
    greeted = next((match[1] for text in comments if (match := _GREETED_AS.search(text))), None)
    if greeted is not None:
        return greeted, _seen_name(first), address
    return first, _name_in(comments[0]) if comments else None, address


def _address_in(text: str) -> str | None:
    bracketed = (parse_address(match[1]) for match in _BRACKETED.finditer(text))
    return next((address for address in bracketed if address), None) or parse_address(
        text.partition(" ")[0].rpartition("@")[2]
    )


def _name_in(comment: str) -> str | None:
    """The name in front of the address, when the server vouches for it (Sendmail says where it does not)."""
    name = comment.partition(" ")[0].rpartition("@")[2]
    return None if "=" in name or "may be forged" in comment or "[" not in comment else _seen_name(name)


def _seen_name(name: str | None) -> str | None:
    if name is None or name.lower() == "unknown" or name.startswith("[") or parse_address(name):
        return None
    return name.rstrip(".")[:_LONGEST_WORD] or None


@dataclass(frozen=True, slots=True)
class _Security:
    version: str | None
    cipher: str | None
    is_encrypted: bool | None


_VERSION = re.compile(r"\b(TLS|SSL)v?(1(?:[._][0-3])?|[23])(?![A-Za-z0-9])", re.IGNORECASE)
_NAME = r"([A-Za-z0-9_+-]{4,100})"
_CIPHERS = (
    re.compile(rf"\bcipher[ =] ?{_NAME}", re.IGNORECASE),
    # Exim, OpenSMTPD: TLS1.3:NAME:256; IronPort: ESMTP/TLS/NAME; Courier: TLS: TLSv1.3,256bits,NAME.
    re.compile(rf"\bTLSv?[0-9._]{{0,4}}[:/]{_NAME}", re.IGNORECASE),
    re.compile(rf"\bTLSv?[0-9.]{{1,4}},[0-9]{{1,4}}bits,{_NAME}", re.IGNORECASE),
    # qmail with TLS.
    re.compile(rf"\A{_NAME} encrypted\Z"),
)
# RFC 3848 and RFC 6531, 4.3: an S says TLS, an A authentication.
_PROTOCOL = re.compile(r"(?:UTF8)?(?:E?SMTP|LMTP|HTTP)(S?)A?", re.IGNORECASE)


def _parse_security(clauses: dict[str, _Clause], protocol: str | None) -> _Security:
    texts = [comment for keyword, clause in clauses.items() if keyword != "from" for comment in clause.comments]
    # Next to the sending side's names stands what it chose to say; only what can't be part of that counts there.
    texts += [
        text for text in clauses.get("from", _Clause()).comments if text.startswith(("using ", "TLS: ", "version="))
    ]
    texts.append(protocol or "")
    versions = (match for text in texts if (match := _VERSION.search(text)))
    version = next((f"{match[1].upper()}v{match[2].replace('_', '.')}" for match in versions), None)
    named = clauses.get("tls", _Clause()).first
    found = (match[1] for pattern in _CIPHERS for text in texts if (match := pattern.search(text)))
    cipher = named or next(found, None)
    is_stated = bool(version or cipher) or any(text.startswith(("TLS", "using TLS")) for text in texts)
    return _Security(version, cipher, True if is_stated else _is_encrypted(protocol))


def _is_encrypted(protocol: str | None) -> bool | None:
    if protocol is None:
        return None
    if "TLS" in protocol.upper():
        return True
    match = _PROTOCOL.fullmatch(protocol.partition(" ")[0])
    return bool(match[1]) if match else None
