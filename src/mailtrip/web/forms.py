"""Forms: read within bounds, and taken from our own pages only (CSRF)."""

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from mailtrip.errors import Fault, Forbidden, InvalidInput, MailtripError

__all__ = ["FIELD", "FormTooLarge", "FormTooSlow", "check_origin", "check_token", "make_token", "read_form"]

FIELD: Final = "form_token"
"""The hidden field of each form."""
_LARGEST: Final = 262_144
_MOST_FIELDS: Final = 10_000
_MOST_PARTS: Final = 100
_LONGEST_BOUNDARY: Final = 70
_TOKEN: Final = re.compile(r"[0-9a-f]{128}\Z")
_REMEDY: Final = "load the page again, and send the form once more"


class FormTooLarge(MailtripError):
    """The form is above 256 KiB."""


class FormTooSlow(MailtripError):
    """The form did not come within the time that it was given."""


async def read_form(request: Request, *, seconds: float, takes_files: bool = False) -> dict[str, str]:
    """The fields of a form as browsers send it; of one given twice, the last.

    Where it takes files, it may be `multipart/form-data`: a file is a field like others, its content taken for UTF-8, of
    which bytes that are none become lone surrogates (PEP 383).

    Raises:
        FormTooSlow: it was not whole within `seconds`.
        FormTooLarge: it is above 256 KiB; the rest was not read.
        InvalidInput: it is no such form in UTF-8.
        starlette.requests.ClientDisconnect: the client went away before its end.
    """
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    kind, boundary = header.get_content_type(), header.get_param("boundary")
    has_files = takes_files and kind == "multipart/form-data"
    if has_files and not (isinstance(boundary, str) and 0 < len(boundary) <= _LONGEST_BOUNDARY):
        raise InvalidInput([Fault("Content-Type", "has no boundary; " + _REMEDY)])
    if kind != "application/x-www-form-urlencoded" and not has_files:
        raise InvalidInput([Fault("Content-Type", "is that of no form; send application/x-www-form-urlencoded")])
    try:
        async with asyncio.timeout(seconds):
            content = await _read(request)
    except TimeoutError:
        raise FormTooSlow from None
    try:
        if has_files:
            return dict(_parts(content, str(boundary).encode("ascii")))
        return dict(
            parse_qsl(content.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        )
    except ValueError as error:
        raise InvalidInput([Fault("form", "is not in the form that browsers send; " + _REMEDY)]) from error


def check_origin(headers: Mapping[str, str]) -> None:
    """See that a form was not sent by a page of somebody else's, by what the browser says of it.

    A client that says nothing is no browser of the last years; the token is asked for in any case.

    Raises:
        Forbidden: another site's page sent it.
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        is_ours = origin is None or urlsplit(origin).netloc == headers.get("host")
    if not is_ours:
        raise Forbidden("the form was sent by a page of another site")


def make_token(key: str) -> str:
    """What a form carries to prove that a page of ours made it for the holder of this secret.

    It is different each time, so that nothing can be learnt from how well the page compresses (BREACH).
    """
    mask = secrets.token_bytes(32)
    return (mask + _xor(mask, _proof(key))).hex()


def check_token(text: str, key: str) -> None:
    """Raise Forbidden unless the token was made for the holder of this secret."""
    found = bytes.fromhex(text) if _TOKEN.match(text) else bytes(64)
    if not hmac.compare_digest(_xor(found[:32], found[32:]), _proof(key)):
        raise Forbidden(f"the form is not of this session; {_REMEDY}")


def _proof(key: str) -> bytes:
    return hashlib.sha256(b"mailtrip form\0" + key.encode("ascii", "replace")).digest()


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _parts(content: bytes, boundary: bytes) -> Iterator[tuple[str, str]]:
    """Names and contents of the parts of a form with files (RFC 7578); raises ValueError for what is none."""
    parts = (b"\r\n" + content).split(b"\r\n--" + boundary, _MOST_PARTS + 1)
    if len(parts) > _MOST_PARTS + 1 or not parts[-1].startswith(b"--"):
        raise ValueError("it has too many parts, or no end")
    for part in parts[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        said = BytesHeaderParser().parsebytes(head)
        name = str(said.get_param("name", "", header="content-disposition"))
        if not name:
            raise ValueError("a part has no name")
        yield name, body.decode("utf-8", "strict" if said.get_filename() is None else "surrogateescape")


async def _read(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _LARGEST:
            raise FormTooLarge
    return bytes(content)
