"""Forms with files, as browsers send them, and what is none."""

import pytest
from starlette.requests import Request
from starlette.types import Message

from mailtrip.errors import InvalidInput
from mailtrip.web.forms import read_form

TOKEN = 'Content-Disposition: form-data; name="token"\r\n\r\nabc'
FILE = 'Content-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'


def request(content: bytes, kind: str = "multipart/form-data; boundary=xyz") -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", kind.encode())]}
    return Request(scope, receive)


def body(*parts: str | bytes) -> bytes:
    said = [part if isinstance(part, bytes) else part.encode() for part in parts]
    return b"".join(b"--xyz\r\n" + part + b"\r\n" for part in said) + b"--xyz--\r\n"


async def test_a_file_is_a_field_like_others() -> None:
    content = body(TOKEN, FILE + "name\r\nGrüße --xyz\r\n")

    found = await read_form(request(content), seconds=1, takes_files=True)

    assert found == {"token": "abc", "file": "name\r\nGrüße --xyz\r\n"}


async def test_what_is_not_utf8_is_left_to_who_knows_the_file() -> None:
    found = await read_form(request(body(FILE.encode() + b"\xff")), seconds=1, takes_files=True)

    assert found == {"file": "\udcff"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no part",
        b"--xyz\r\n" + TOKEN.encode(),
        body("Content-Disposition: form-data\r\n\r\nabc"),
        body(TOKEN.encode() + b"\xff"),
        body(*[TOKEN] * 101),
    ],
)
async def test_what_is_no_form_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        await read_form(request(content), seconds=1, takes_files=True)


@pytest.mark.parametrize("kind", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 71}", "text/csv"])
async def test_a_form_without_a_boundary_is_refused(kind: str) -> None:
    with pytest.raises(InvalidInput):
        await read_form(request(body(TOKEN), kind), seconds=1, takes_files=True)


async def test_forms_that_take_no_files_get_none() -> None:
    with pytest.raises(InvalidInput):
        await read_form(request(body(TOKEN)), seconds=1)
