"""Pictures that people give: what they say they are, and with nothing in them but the picture.

A PNG or JPEG is taken apart and put together anew: where it was taken, by whom, and whatever else was hidden in it or
hung on to it is left out. SVG is not taken: it can hold scripts.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from mailtrip.errors import Fault, InvalidInput
from mailtrip.model.status_page import Logo

__all__ = ["LARGEST_PICTURE", "clean"]

LARGEST_PICTURE: Final = 100_000
"""Bytes."""
_LONGEST_SIDE: Final = 2000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_PARTS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_JPEG: Final = b"\xff\xd8"
_SIZE_SEGMENTS: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive: what browsers show."""
_JPEG_SEGMENTS: Final = _SIZE_SEGMENTS | {0xC4, 0xDB, 0xDD, 0xEE}
"""Tables, and Adobe's mark of the colours; comments and all other application data are left out."""
_SCAN: Final = 0xDA
_END: Final = b"\xff\xd9"


class _Broken(ValueError):
    """It is no such picture; the text tells why."""


def clean(content: bytes, *, field: str) -> Logo:
    """A picture as it can be shown to the public.

    Raises:
        InvalidInput: it is no PNG or JPEG, or too large; `field` names what it was given for.
    """
    try:
        return _clean(content)
    except (_Broken, struct.error, IndexError) as error:
        text = str(error) if isinstance(error, _Broken) else "is a picture that ends too early; give a whole one"
        raise InvalidInput([Fault(field, text)]) from None


def _clean(content: bytes) -> Logo:
    if len(content) > LARGEST_PICTURE:
        raise _Broken(f"has {len(content)} bytes; at most {LARGEST_PICTURE} are taken")
    if content.startswith(_PNG):
        return Logo(content=_clean_png(content), media_type="image/png")
    if content.startswith(_JPEG):
        return Logo(content=_clean_jpeg(content), media_type="image/jpeg")
    raise _Broken("is no PNG or JPEG picture; give one of these")


def _clean_png(content: bytes) -> bytes:
    chunks = list(_png_chunks(content))
    names = [name for name, _ in chunks]
    if names[0] != b"IHDR" or len(chunks[0][1]) != 13 or b"IDAT" not in names or names[-1] != b"IEND":
        raise _Broken("is a broken PNG; save it anew")
    _require_size(*struct.unpack(">II", chunks[0][1][:8]))
    kept = (_png_chunk(name, data) for name, data in chunks if name in _PNG_PARTS)
    return _PNG + b"".join(kept)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Up to the end of the picture; what comes after that is none of it."""
    place, name = len(_PNG), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", content, place)
        data = content[place + 8 : place + 8 + length]
        (check,) = struct.unpack_from(">I", content, place + 8 + length)
        if check != zlib.crc32(name + data):
            raise _Broken("is a broken PNG; save it anew")
        yield name, data
        place += length + 12


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _clean_jpeg(content: bytes) -> bytes:
    found, place, has_size = bytearray(_JPEG), len(_JPEG), False
    while True:
        mark, kind, length = struct.unpack_from(">BBH", content, place)
        segment = content[place : place + 2 + length]
        if mark != 0xFF or length < 2 or len(segment) != 2 + length:
            raise _Broken("is a broken JPEG; save it anew")
        place += len(segment)
        if kind in _SIZE_SEGMENTS:
            height, width = struct.unpack_from(">HH", segment, 5)
            _require_size(width, height)
            has_size = True
        if kind in _JPEG_SEGMENTS:
            found += segment
        if kind == _SCAN:
            if not has_size:
                raise _Broken("is a JPEG of a kind that browsers don't show; save it anew")
            end = _scan_end(content, place)
            found += segment + content[place:end]
            place = end
            if content[place : place + 2] == _END:
                return bytes(found + _END)


def _scan_end(content: bytes, place: int) -> int:
    """Where the picture's data end: at the next mark that is none of the data's own (T.81, B.1.1.5)."""
    while True:
        place = content.find(b"\xff", place)
        if place < 0:
            raise _Broken("is a picture that ends too early; give a whole one")
        following = content[place + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return place
        place += 2


def _require_size(width: int, height: int) -> None:
    if not 1 <= width <= _LONGEST_SIDE or not 1 <= height <= _LONGEST_SIDE:
        raise _Broken(f"has {width} x {height} pixels; each side takes 1 to {_LONGEST_SIDE}")
