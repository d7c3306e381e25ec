"""What the address of a recipient may be, by the method of its alerts.

No fault shows the address: it may be a web address with a token in it, given with the wrong method.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from mailtrip.model import HIDDEN_PATH, AlertMethod, ContactKind
from mailtrip.service.text_rules import address_fault, line_fault

__all__ = ["contact_fault"]

_LONGEST = {
    ContactKind.MAIL: 254,
    ContactKind.NUMBER: 64,
    ContactKind.HOST: 300,
    ContactKind.URL: 2000,
    ContactKind.SERVICE: 32,
}
_NUMBER = re.compile(r"\+?[0-9*#,()./ -]+\Z")
_SERVICE = re.compile(r"[a-z][a-z0-9+.-]*\Z")
_FEWEST_DIGITS = 3
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)\Z")


def contact_fault(method: AlertMethod, text: str) -> str | None:
    """What is wrong with the address for alerts of this method, and what would be right; None when nothing is."""
    fault = line_fault(text, most=_LONGEST[method.contact])
    if fault is not None:
        return fault
    match method.contact:
        case ContactKind.MAIL:
            return (
                None if address_fault(text) is None else "is no mail address; write one address like name@example.com"
            )
        case ContactKind.NUMBER:
            return _number_fault(text)
        case ContactKind.HOST:
            return _host_and_port_fault(text)
        case ContactKind.URL:
            return _url_fault(text)
        case ContactKind.SERVICE:
            return (
                None if _SERVICE.match(text) else "is no service; write what its Apprise URL begins with, as in slack"
            )


def _number_fault(text: str) -> str | None:
    if _NUMBER.match(text) and sum(character.isdigit() for character in text) >= _FEWEST_DIGITS:
        return None
    return "is no number to call; write digits, as in +1 202 555 0100"


def _host_and_port_fault(text: str) -> str | None:
    parts = _split(f"//{text}")
    if parts is None or _is_more_than_authority(parts) or "@" in text or not _is_host(parts.hostname):
        return "is no host; write host or host:port (IPv6 in brackets)"
    return None


def _url_fault(text: str) -> str | None:
    parts = _split(text)
    if parts is None or parts.scheme not in {"http", "https"} or not _is_host(parts.hostname):
        return "is no web address; write https://host/path or http://host/path"
    if parts.path == HIDDEN_PATH:
        return "is shortened, as web addresses are shown; write the whole one"
    if parts.username is not None or parts.password is not None:
        return "has a user name or password in it; they have their own fields"
    if any(character.isspace() for character in text):
        return "has a blank in it; write %20"
    return None


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        is_good = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if is_good else None


def _is_more_than_authority(parts: SplitResult) -> bool:
    return bool(parts.path or parts.query or parts.fragment)


def _is_host(host: str | None) -> bool:
    if not host:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return len(host) <= 253 and all(_LABEL.match(label) for label in labels) and not labels[-1].isdigit()
    return True
