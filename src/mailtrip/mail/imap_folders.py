"""IMAP folders: their names in modified UTF-7, and what LIST says of them."""

import base64
import binascii
import re
from dataclasses import dataclass

from mailtrip.mail.imap_parser import Value

__all__ = ["Folder", "decode_name", "encode_name", "read_folder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    r"""A folder of a mailbox.

    Attributes:
        name: decoded.
        delimiter: between the levels of the name; None in a flat mailbox.
        attributes: in lower case with their backslash: `\junk`, `\noselect` (RFC 3501, 7.2.2; RFC 6154, 2).
    """

    name: str
    delimiter: str | None = None
    attributes: frozenset[str] = frozenset()

    @property
    def is_junk(self) -> bool:
        r"""Whether the server says that spam goes there; `\Spam` is what XLIST had before RFC 6154."""
        return bool(self.attributes & {"\\junk", "\\spam"})

    @property
    def is_selectable(self) -> bool:
        return not self.attributes & {"\\noselect", "\\nonexistent"}


def read_folder(values: tuple[Value, ...]) -> Folder | None:
    """What one LIST response says; None where it is malformed, or its name can't be decoded or is absurdly long."""
    match values:
        case (tuple() as attributes, (bytes() | None) as delimiter, bytes() as raw, *_) if len(raw) <= _LONGEST_NAME:
            name = decode_name(raw)
        case _:
            return None
    if name is None:
        return None
    return Folder(
        name=name,
        delimiter=delimiter.decode("ascii", "replace") if delimiter else None,
        attributes=frozenset(item.decode("ascii", "replace").lower() for item in attributes if isinstance(item, bytes)),
    )


_LONGEST_NAME = 1000
"""Bytes on the wire; a command that names a folder has to fit into one line."""
# What is not closed is taken up to the end all the same, so that it is not searched anew from each ampersand in it.
_SHIFTED = re.compile(r"&([^-]*)(-|\Z)")
_NOT_PLAIN = re.compile(r"[^\x20-\x7e]+|&")


def encode_name(name: str) -> str:
    """A folder's name in modified UTF-7 (RFC 3501, 5.1.3)."""
    return _NOT_PLAIN.sub(lambda match: _shift(match[0]), name)


def _shift(text: str) -> str:
    if text == "&":
        return "&-"
    encoded = base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=")
    return f"&{encoded.replace('/', ',')}-"


def decode_name(raw: bytes) -> str | None:
    """A folder's name from modified UTF-7; None where it is malformed.

    Names in UTF-8 are taken as they are: some servers send them unasked.
    """
    try:
        text = raw.decode()
        return _SHIFTED.sub(lambda match: _unshift(match[1]) if match[2] else match[0], text)
    except (UnicodeDecodeError, binascii.Error):
        return None


def _unshift(encoded: str) -> str:
    if not encoded:
        return "&"
    padded = encoded.replace(",", "/") + "=" * (-len(encoded) % 4)
    return base64.b64decode(padded.encode(), validate=True).decode("utf-16-be")
