"""What texts may hold that reach a mail server or a database. Each rule gives what is wrong, or None."""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

__all__ = ["address_fault", "line_fault", "note_fault", "password_fault"]

_LONGEST_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3: a path has 256 octets, its angle brackets included."""
_LONGEST_PASSWORD = 1024
_PRIVATE_DOMAINS = {"arpa", "invalid", "local", "localhost", "onion"}
"""What email-validator always refuses, as no mail from the Internet gets there; a mail server of one's own may have it."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def line_fault(text: str, *, most: int, least: int = 1) -> str | None:
    """A text of one line: no control characters (CR, LF and NUL among them), `least` to `most` characters."""
    if not least <= len(text) <= most:
        return f"has {len(text)} characters; it takes {least} to {most}"
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text):
        return "has a line break or another control character in it; write it in one line without them"
    if least and not text.strip():
        return "is blank; write something"
    return _surrogate_fault(text)


def note_fault(text: str) -> str | None:
    """A text of several lines: line breaks and tabs, but no other control characters. It is cut elsewhere."""
    if any(unicodedata.category(character) == "Cc" and character not in "\r\n\t" for character in text):
        return "has a control character in it; only line breaks and tabs are taken"
    return _surrogate_fault(text)


def address_fault(text: str) -> str | None:
    """One mail address, RFC 5321 or with UTF-8 (RFC 6531), for any domain: also localhost, a name of one's own, [IP]."""
    fault = line_fault(text, most=_LONGEST_ADDRESS)
    if fault is not None:
        return fault
    is_private = text.rpartition("@")[2].rpartition(".")[2].lower() in _PRIVATE_DOMAINS
    try:
        validate_email(
            f"{text}.test" if is_private else text,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
            allow_smtputf8=True,
            allow_quoted_local=True,
            allow_domain_literal=True,
            strict=True,
        )
    except EmailNotValidError as exc:
        return f'"{text}" is no mail address ({exc}); write one address like name@example.com'
    return None


def password_fault(text: str) -> str | None:
    """A password for a mail server; the text of the fault has nothing of it."""
    if not 1 <= len(text) <= _LONGEST_PASSWORD:
        return f"has {len(text)} characters; it takes 1 to {_LONGEST_PASSWORD}, or null to have none"
    if any(character in "\0\r\n" for character in text):
        return "has a line break or a NUL in it, which mail servers don't take; give it without"
    return _surrogate_fault(text)


def _surrogate_fault(text: str) -> str | None:
    if _SURROGATE.search(text):
        return "has half of a surrogate pair in it; write valid Unicode"
    return None
