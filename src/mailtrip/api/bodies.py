"""Request bodies: read within bounds and parsed as one JSON object, whatever the Content-Type says."""

import asyncio
import json
from collections.abc import Sequence
from typing import Final, NoReturn

from starlette.requests import Request

from mailtrip.api.calls import services_of
from mailtrip.api.codecs import kind_of, shown
from mailtrip.errors import Fault, InvalidInput, MailtripError

__all__ = ["LARGEST_BODY", "BodyTooLarge", "BodyTooSlow", "parse_object", "read_object"]

LARGEST_BODY: Final = 1_048_576
"""Bytes; alertsite-v3.md, section 9."""


class BodyTooLarge(MailtripError):
    """The body is above `LARGEST_BODY`."""


class BodyTooSlow(MailtripError):
    """The body did not come within the time that it was given."""


async def read_object(request: Request) -> dict[str, object]:
    """The body as a JSON object; no body at all is an empty one.

    Raises:
        BodyTooSlow: it was not whole within the time that `Services.body_seconds` gives it.
        BodyTooLarge: it is above 1 MiB, by its own word or by count; the rest was not read.
        InvalidInput: it is no JSON object in UTF-8.
        starlette.requests.ClientDisconnect: the client went away before its end.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > LARGEST_BODY:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(services_of(request).body_seconds):
            content = await _read(request)
    except TimeoutError:
        raise BodyTooSlow from None
    return parse_object(content)


async def _read(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_BODY:
            raise BodyTooLarge
    return bytes(content)


def parse_object(content: bytes) -> dict[str, object]:
    """Read a JSON object. A key given twice is refused, as nobody can know which one was meant.

    Raises:
        InvalidInput: the content is no JSON object in UTF-8, is nested too deeply, or holds NaN or Infinity.
    """
    if not content.strip():
        return {}
    try:
        value = json.loads(
            content.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_object_of_pairs
        )
    except UnicodeDecodeError as error:
        raise _wrong(f"is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise _wrong(f"is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise _wrong("is nested too deeply") from error
    except ValueError as error:
        raise _wrong(str(error)) from error
    if not isinstance(value, dict):
        raise _wrong(f"must be a JSON object, not {kind_of(value)}")
    return value


def _wrong(text: str) -> InvalidInput:
    return InvalidInput((Fault("body", text),))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is no JSON")


def _object_of_pairs(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in result if keys.count(key) > 1)
        raise ValueError(f"has the key {shown(twice)} twice; give it once")
    return result
